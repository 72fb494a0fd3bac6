"""The warehouse: published tables of a domain copied into PostgreSQL, where others query them.

`declaration` holds what a domain declares (tables, keys, views), `ddl` the SQL that creates the
tables in PostgreSQL or Redshift, and `loading` fills and replaces them. Which tables a warehouse
has, and the SQL of its views, belong to the domain's module ``warehouse``.
"""
