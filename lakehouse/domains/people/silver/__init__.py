"""Silver of people: every valid row of every file."""
