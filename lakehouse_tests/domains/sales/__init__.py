"""Sales: what lands, what is rejected, what was sold."""
