"""Tests of the package platform.ingestion."""
