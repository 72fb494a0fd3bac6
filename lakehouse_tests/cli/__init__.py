"""The command line and the pages made from it."""
