"""Tests of the package platform.connectors.postgres."""
