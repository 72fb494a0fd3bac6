"""Tolls, bronze layer."""
