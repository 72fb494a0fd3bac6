"""Tests of the package platform.orchestration."""
