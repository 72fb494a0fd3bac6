"""Tolls, silver layer."""
