"""The warehouse: the shop's six tables, the star and the five questions in PostgreSQL.

`schema` says what the tables are, also for Redshift; `questions` are the views, `loading`
fills them.
"""

from lakehouse.domains.bikes.warehouse.loading import Loaded, LoadError, drop, load
from lakehouse.domains.bikes.warehouse.schema import Dialect, ddl

__all__ = ["Dialect", "LoadError", "Loaded", "ddl", "drop", "load"]
