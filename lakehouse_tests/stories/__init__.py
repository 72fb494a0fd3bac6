"""Stories: files are delivered, corrected, late, broken or repeated, with real parts."""
