"""The promise of a book, made from its declaration."""

import datetime as dt
from typing import Any

import pandera.ibis as pa

from lakehouse.domains.cards.book.declaration import Declaration


class Client(pa.DataFrameModel):
    """Whose variables they are, and of when."""

    day: dt.date = pa.Field(description="Reference date, the first day of a month")
    id_cliente: int = pa.Field(metadata={"personal": "identifier"}, description="Client")
    ref: str = pa.Field(description="Month of the reference date, yyyyMM")
    dt_proc: str = pa.Field(
        description="Latest generation of the client's rows, yyyyMMddHHmmss; no clock"
    )

    class Config:
        """One row per key."""

        strict = True
        unique = ["day", "id_cliente"]


def contract(name: str, declaration: Declaration) -> type[Client]:
    """A contract with one column for each variable, null where a client has no row for it."""
    kinds = {each.column: each.type for each in declaration.variables}
    fields = {
        each.column: pa.Field(nullable=True, description=f"{each.name}: {each.meaning}")
        for each in declaration.variables
    }
    body: dict[str, Any] = {
        "__doc__": "One client on one reference date.",
        "__annotations__": kinds,
        **fields,
    }
    return type(name, (Client,), body)
