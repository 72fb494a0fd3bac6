"""Facts, dimensions and answers."""
