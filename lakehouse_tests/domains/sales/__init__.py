"""Tests of Sales."""
