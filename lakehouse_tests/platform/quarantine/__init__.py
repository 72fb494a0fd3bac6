"""Tests of the package platform.quarantine."""
