"""Tests; each name is a sentence about the platform."""
