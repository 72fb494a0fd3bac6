"""Tests of Rox Bikes."""
