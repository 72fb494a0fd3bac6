"""Send requests exactly as written: any Host, any header, any path."""

import gzip
import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any, NamedTuple

GRAPHQL = "/graphql"


class Answer(NamedTuple):
    """Status, headers and text of an answer."""

    status: int
    headers: dict[str, str]
    text: str


def ask(
    port: int,
    method: str = "GET",
    path: str = "/",
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send one request to the loopback address; only the given headers are sent."""
    given = list(headers.items()) if isinstance(headers, dict) else headers or []
    if not any(name.lower() == "host" for name, _ in given):
        given = [("Host", f"127.0.0.1:{port}"), *given]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in given:
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    content = answer.read()
    if answer.getheader("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    found = Answer(
        answer.status,
        {name.lower(): value for name, value in answer.getheaders()},
        content.decode("utf-8", "replace"),
    )
    connection.close()
    return found


def graphql(port: int, query: str, **headers: str) -> Any:
    """Send a query as the Dagster UI does, and return its data."""
    body = json.dumps({"query": query}).encode()
    answer = ask(port, "POST", GRAPHQL, {"Content-Type": "application/json", **headers}, body)
    assert answer.status == 200, answer
    return json.loads(answer.text)["data"]


def websocket_status(port: int, path: str = GRAPHQL, **headers: str) -> int:
    """Return the status with which a WebSocket handshake is answered; 101 opens it."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "graphql-ws",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        return int(connection.recv(4096).split()[1])


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without settings, with what is given."""
    prefixes = ("LAKEHOUSE_", "DAGSTER_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(prefixes)}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[3])} | more
