"""Tests of the package platform.transform."""
