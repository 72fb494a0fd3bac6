"""Messages of PostgreSQL's logical replication are parsed strictly."""

import struct

import pytest

from lakehouse.platform.connectors.postgres.declaration import ExtractionError
from lakehouse.platform.connectors.postgres.pgoutput import Begin, Change, ChangeKind, events

BEGIN = b"B" + struct.pack(">qqi", 100, 0, 7)
RELATION = b"R" + struct.pack(">i", 1) + b"public\0sales\0f" + struct.pack(">h", 1)
RELATION += b"\1id\0" + struct.pack(">ii", 23, -1)
ROW = struct.pack(">h", 1) + b"t" + struct.pack(">i", 2) + b"42"
INSERT = b"I" + struct.pack(">i", 1) + b"N" + ROW


def test_messages_of_a_transaction_are_parsed():
    assert list(events([BEGIN, RELATION, INSERT])) == [
        Begin(100),
        Change(kind=ChangeKind.INSERT, relation="public.sales", new={"id": "42"}),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        [b"Z"],
        [INSERT],
        [RELATION, INSERT + b"x"],
        [RELATION, INSERT[:-1]],
        [RELATION, INSERT.replace(b"N", b"K")],
        [RELATION, b"D" + INSERT[1:]],
        [RELATION, INSERT.replace(b"t\0", b"b\0")],
        [RELATION, INSERT.replace(ROW[:2], struct.pack(">h", 2), 1)],
        [BEGIN[:-1]],
    ],
)
def test_a_message_that_does_not_follow_the_protocol_is_rejected(messages: list[bytes]):
    with pytest.raises(ExtractionError, match="does not follow protocol 1 of pgoutput"):
        list(events(messages))
