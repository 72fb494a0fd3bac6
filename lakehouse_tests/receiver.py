"""An HTTP server on this machine that receives webhooks; tests set its answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """The received messages, and the status codes to answer: `answers` first, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[dict[str, str]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    @property
    def texts(self) -> list[str]:
        """All received messages in order, those answered with an error included."""
        return [body["text"] for body in self.bodies]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver until the end of the context."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            here.bodies.append(json.loads(self.rfile.read(size)))
            here.kinds.add(self.headers["Content-Type"])
            self.send_response(here.answers.pop(0) if here.answers else 200)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Write nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/secret"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
