"""Tests of the package platform.forecasting.panel."""
