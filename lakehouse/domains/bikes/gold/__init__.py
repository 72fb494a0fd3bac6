"""Facts, dimensions and answers to the five business questions."""
