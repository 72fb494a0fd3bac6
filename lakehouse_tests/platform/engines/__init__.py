"""Tests of the package platform.engines."""
