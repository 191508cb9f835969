"""Stands in for a service where only its process matters: ready at once, agrees to everything.

It writes each request as a line of JSON to `requests` in its state directory.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    written: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        self._answer({"pid": os.getpid(), "version": int(self.path in self.written)})

    def do_POST(self) -> None:
        self._record()
        self.written.add(self.path)
        self._answer({"access_token": "token-of-the-admin"})

    do_PUT = do_POST

    def _record(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        line = {
            "method": self.command,
            "path": self.path,
            "authorization": self.headers["Authorization"],
            "body": json.loads(body),
        }
        state = Path(os.environ["TUYEN_STATE_DIR"])
        state.mkdir(parents=True, exist_ok=True)
        with (state / "requests").open("a") as requests:
            requests.write(json.dumps(line) + "\n")

    def _answer(self, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = (os.environ["TUYEN_HOST"], int(os.environ["TUYEN_PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()
