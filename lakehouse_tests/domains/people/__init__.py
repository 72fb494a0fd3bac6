"""Tests of the system people."""
