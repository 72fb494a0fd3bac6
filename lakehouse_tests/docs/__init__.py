"""What the pages promise, done."""
