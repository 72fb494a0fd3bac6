"""Parts of the benchmark: each runs measurements and yields figures beside their goals."""
