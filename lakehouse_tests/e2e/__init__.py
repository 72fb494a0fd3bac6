"""The platform as a person uses it: a real browser on the real services."""
