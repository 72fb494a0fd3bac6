"""Tests of the package platform.alerts."""
