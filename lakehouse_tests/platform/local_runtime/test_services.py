"""The services of a Dagster home."""

import socket
from pathlib import Path

import pytest

from lakehouse.platform.local_runtime.services import ServeError, serve


def test_a_taken_port_is_rejected_with_the_hint(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=f"Port {port} .*LAKEHOUSE_PORT"):
            serve("127.0.0.1", port, tmp_path)
    assert not list(tmp_path.iterdir())
