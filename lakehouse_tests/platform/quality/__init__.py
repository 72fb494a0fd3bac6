"""Tests of the package platform.quality."""
