"""Tests of the package platform.local_runtime."""
