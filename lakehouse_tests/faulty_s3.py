"""A proxy in front of an S3 server that rejects, delays and loses some of the answers."""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

BUSY = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code>'
    b"<Message>Please reduce your request rate.</Message></Error>"
)


@dataclass(kw_only=True)
class Faults:
    """Which part of the requests goes wrong; the same seed gives the same sequence.

    Args:
        rejected: part that is answered with 503 and not executed.
        lost: part of the PUT requests that is executed but not answered.
        delayed: part that is answered `seconds` later.
    """

    rejected: float = 0.10
    lost: float = 0.02
    delayed: float = 0.05
    seconds: float = 5.0
    seed: int = 7
    counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def next(self, method: str) -> tuple[bool, bool, bool]:
        """Return whether the next request is rejected, lost and delayed."""
        with self._lock:
            rejected, lost, delayed = (self._random.random() for _ in range(3))
            found = (
                rejected < self.rejected,
                method == "PUT" and lost < self.lost,
                delayed < self.delayed,
            )
            self.counts.update(
                [
                    method,
                    *(
                        name
                        for name, hit in zip(("503", "lost", "slow"), found, strict=True)
                        if hit
                    ),
                ]
            )
            return found


class Proxy(BaseHTTPRequestHandler):
    """Passes a request on unless it is one that goes wrong."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    target: str
    faults: Faults

    def answer(self) -> None:
        body = self.body()
        rejected, lost, delayed = self.faults.next(self.command)
        if delayed:
            time.sleep(self.faults.seconds)
        if rejected:
            self.send(503, {"Content-Type": "application/xml"}, BUSY)
            return
        status, headers, data = self.passed_on(body)
        if lost:
            self.close_connection = True
            return
        self.send(status, headers, data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Let a client that waits for it send the body."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def body(self) -> bytes:
        """Read the body of the request, sent at once or in chunks."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = http.client.HTTPConnection(self.target, timeout=60)
        server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "transfer-encoding", "content-length"):
                server.putheader(name, value)
        server.putheader("Content-Length", str(len(body)))
        server.endheaders(body)
        got = server.getresponse()
        data = got.read()
        server.close()
        return got.status, dict(got.getheaders()), data

    def send(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Print nothing."""


class Server(ThreadingHTTPServer):
    """Serves each connection in a thread."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that the client closed."""


@contextmanager
def faulty(endpoint: str, faults: Faults) -> Iterator[str]:
    """Serve the endpoint at another address, with faults; yield the URL of that address.

    The proxy is a process of its own: some clients hold Python's lock while they wait for it. The
    counts are filled in at the end of the block.
    """
    given = {
        name: getattr(faults, name) for name in ("rejected", "lost", "delayed", "seconds", "seed")
    }
    command = [sys.executable, __file__, endpoint, json.dumps(given)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as proxy:
        assert proxy.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(proxy.stdout.readline())}"
        finally:
            printed, _ = proxy.communicate()
            faults.counts.update(json.loads(printed))


def main(endpoint: str, given: str) -> None:
    """Print the port, serve until stdin ends, and print the counts."""
    faults = Faults(**json.loads(given))
    handler = type("Handler", (Proxy,), {"target": urlsplit(endpoint).netloc, "faults": faults})
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        server.shutdown()
    print(json.dumps(faults.counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
