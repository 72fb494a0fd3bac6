"""Trained models as artefacts of the lake."""
