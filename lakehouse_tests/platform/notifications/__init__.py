"""Tests of the package platform.notifications."""
