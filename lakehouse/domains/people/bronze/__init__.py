"""Bronze of people: the rows of the files as text."""
