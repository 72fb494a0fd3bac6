"""Connections to databases of others, one package each: `postgres`.

What a connector reads becomes a delivery or a snapshot; everything after that is the same as for
files and does not belong here.
"""
