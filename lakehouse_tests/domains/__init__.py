"""Tests of the domains: each table on small tables, and each domain over a real lake."""
