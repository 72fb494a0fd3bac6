"""Tolls, gold layer."""
