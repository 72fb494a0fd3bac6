"""The bike shop."""
