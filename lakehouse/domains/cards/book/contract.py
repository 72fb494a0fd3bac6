"""Contract of a book, built from its declaration."""

import datetime as dt
from typing import Any

import pandera.ibis as pa

from lakehouse.domains.cards.book.declaration import Declaration
from lakehouse.platform.tables.contract import TableModel


class Client(TableModel, key=("day", "id_cliente")):
    """Client and reference date of a book's row."""

    day: dt.date = pa.Field(description="Reference date")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    ref: str = pa.Field(description="Month of the reference date, yyyyMM")
    dt_proc: str = pa.Field(
        description=(
            "Time at which the newest file of the client's rows was generated, yyyyMMddHHmmss"
        )
    )


def contract(name: str, declaration: Declaration) -> type[Client]:
    """Return a contract with one column per variable; null where a client has no row for it."""
    kinds = {each.column: each.type for each in declaration.variables}
    fields = {
        each.column: pa.Field(
            nullable=True, description=f"{each.name}: {each.meaning}; nulo sem faturas"
        )
        for each in declaration.variables
    }
    body: dict[str, Any] = {
        "__doc__": "One client on one reference date.",
        "__annotations__": kinds,
        **fields,
    }
    return type(name, (Client,), body)
