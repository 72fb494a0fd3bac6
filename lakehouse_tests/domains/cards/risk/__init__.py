"""The default model of cards."""
