"""Tests of Mr. Health."""
