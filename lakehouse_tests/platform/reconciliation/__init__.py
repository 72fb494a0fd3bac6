"""Tests of the package platform.reconciliation."""
