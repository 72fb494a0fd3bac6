"""Rows of a legacy PostgreSQL table become files of the landing zone: whole, once, in order.

Two ways lead there. *Incremental* reads what changed since a horizon of transactions and finds
deletes by comparing keys; *CDC* reads the log through a replication slot. Both draft a file, stage
it in the lake, name it in the journal, land it, and only then move the watermark. What a table is
and which dataset its rows land as is declared by a domain's module ``extraction``.
"""
