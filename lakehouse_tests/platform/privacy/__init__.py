"""Tests of the package platform.privacy."""
