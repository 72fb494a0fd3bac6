"""Gold of people: one row for each person, and what people may look at."""
