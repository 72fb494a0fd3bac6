"""Tests of the package platform.tables."""
