"""Sales that can be trusted."""
