"""An honest twin of a language engine, as a program: `python twin_engine.py PORT NAME`. It thinks, answers, counts."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

THINKING_SECONDS = 0.15
PORT, NAME = int(sys.argv[1]), sys.argv[2]
busy = 0
turn = threading.Lock()


class Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body: object, kind: str = "application/json") -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self.answer(
                f"# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing {busy}\n", "text/plain"
            )
        elif self.path == "/v1/models":
            self.answer({"data": [{"id": NAME}]})
        else:
            self.answer({"status": "ok"})

    def do_POST(self) -> None:
        global busy  # noqa: PLW0603 - one number for the whole program
        self.rfile.read(int(self.headers["content-length"]))
        with turn:
            busy += 1
        time.sleep(THINKING_SECONDS)
        with turn:
            busy -= 1
        message = {"role": "assistant", "content": NAME}
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.answer({"choices": [choice], "model": NAME, "usage": usage})

    def log_message(self, *_: object) -> None:
        pass


if NAME == "broken":
    sys.exit("this engine does not start")
ThreadingHTTPServer(("127.0.0.1", PORT), Engine).serve_forever()
