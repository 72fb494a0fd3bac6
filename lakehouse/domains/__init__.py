"""The domains, one folder each: specification, sources, silver and gold tables, checks, exports.

A domain imports the platform and no other domain; the platform finds it by its folder.
"""
