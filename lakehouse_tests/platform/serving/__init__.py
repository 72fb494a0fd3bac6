"""Tests of the package platform.serving."""
