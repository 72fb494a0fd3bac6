"""Typed, valid, keyed."""
