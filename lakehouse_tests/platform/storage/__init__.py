"""Tests of the package platform.storage."""
