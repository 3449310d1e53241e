"""A server that speaks OpenAI's protocol and needs no model: it proposes by a simple rule. For tests, and for who has no key yet.

It lowers each parameter of the agent's policy by a tenth of its range, and by half as much after every rejection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Literal

from simweb.scenarios.optimization.briefing import HISTORY, POLICY
from simweb.scenarios.optimization.llm.answers import TOOL
from simweb.scenarios.optimization.llm.writing import PARAMETERS

NAME = "fake"
STEP = 0.1  # of a parameter's range
DIGITS = 10
MOST_BYTES = 50_000_000
CHARACTERS = 4  # of a token, as it counts them
SLOW_SECONDS = 30.0
RULE = re.compile(r"^- (\S+): a (whole )?number from (\S+) to (\S+?)\.(?:\s|$)", re.MULTILINE)
Misbehaviour = Literal["429", "500", "not-json", "slow", "wrong-shape", "empty", "echo"]
Json = dict[str, Any]


class FakeServer(ThreadingHTTPServer):
    """The server. `misbehaviour` is how the next calls go wrong, one each; `requests` are the calls that it got."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.misbehaviour: list[Misbehaviour] = []
        self.requests: list[Json] = []
        self.is_slow_for = SLOW_SECONDS
        self.is_closing = Event()

    @property
    def base_url(self) -> str:
        """Its address, as an experiment's `llm.base_url` has it."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: FakeServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """`/v1/models`."""
        if self.path.rstrip("/") == "/v1/models":
            model = {"id": NAME, "object": "model", "created": 0, "owned_by": "simweb"}
            self._say(200, {"object": "list", "data": [model]})
        else:
            self._refuse(404, f"There is nothing at {self.path}.")

    def do_POST(self) -> None:
        """`/v1/chat/completions`."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self._refuse(413, "That is too much.")
            return
        written = self.rfile.read(length)
        if self.path.rstrip("/") != "/v1/chat/completions":
            self._refuse(404, f"There is nothing at {self.path}.")
            return
        try:
            request = json.loads(written)
            text = text_of(request)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._refuse(400, "This is not a request for a chat completion.")
            return
        self.server.requests.append(request)
        wrong = self.server.misbehaviour.pop(0) if self.server.misbehaviour else None
        self._answer(request, text, wrong)

    def _answer(self, request: Json, text: str, wrong: Misbehaviour | None) -> None:
        if wrong in ("429", "500"):
            self._refuse(int(wrong), "Too many requests." if wrong == "429" else "Something broke.")
        elif wrong == "not-json":
            self._send(200, b"<html>not a completion</html>")
        else:
            if wrong == "slow":
                self.server.is_closing.wait(self.server.is_slow_for)
            self._say(200, completion(request, text, self._arguments(text, wrong)))

    def _arguments(self, text: str, wrong: Misbehaviour | None) -> str | None:
        if wrong == "empty":
            return None
        if wrong == "wrong-shape":
            return '{"reasoning": "I have no idea."}'
        said = propose(text)
        if wrong == "echo":
            said["reasoning"] = f"You came with {self.headers.get('Authorization', '').removeprefix('Bearer ')}"
        return json.dumps(said)

    def _refuse(self, status: int, message: str) -> None:
        self._say(status, {"error": {"message": message, "type": "fake_error", "code": str(status)}})

    def _say(self, status: int, body: Json) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # nobody waited for it

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each call."""


def text_of(request: Json) -> str:
    """All that the messages say."""
    said = [message["content"] for message in request["messages"]]
    parts = [part for content in said for part in ([content] if isinstance(content, str) else content or [])]
    return "\n\n".join(part if isinstance(part, str) else part["text"] for part in parts)


def propose(text: str) -> Json:
    """The answer by the rule: the same for the same prompt."""
    found = re.search(rf"## {POLICY}\s+```json\n(.*?)\n```", text, re.DOTALL)
    policy: Json = json.loads(found.group(1)) if found else {}
    rejected = section(text, HISTORY).count("| rejected |")
    place = policy.get("parameters") if isinstance(policy.get("parameters"), dict) else policy
    changed = []
    for name, whole, low, high in RULE.findall(section(text, PARAMETERS)):
        if not isinstance(place, dict) or name not in place:
            continue
        least, step = float(low), (float(high) - float(low)) * STEP / 2**rejected
        value: float = round(max(least, place[name] - step), DIGITS)
        place[name] = int(value) if whole else value
        changed.append(f"{name} {place[name]}")
    return {"reasoning": f"A little less of each: {', '.join(changed) or 'nothing'}.", "policy": policy}


def section(text: str, title: str) -> str:
    """What stands below a title."""
    _, _, after = f"\n{text}".partition(f"\n## {title}\n")
    return after.partition("\n## ")[0]


def completion(request: Json, text: str, arguments: str | None) -> Json:
    """An answer in OpenAI's form; without arguments, an empty one."""
    message: Json = {"role": "assistant", "content": None if arguments else ""}
    if arguments is not None and request.get("tools"):
        function = {"name": TOOL["name"], "arguments": arguments}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    elif arguments is not None:
        message["content"] = arguments
    asked, answered = len(text) // CHARACTERS + 1, len(arguments or "") // CHARACTERS + 1
    return {
        "id": "fake",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model", NAME),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if arguments else "stop"}],
        "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
    }


def serve_fake_llm(host: str = "127.0.0.1", port: int = 8089) -> None:
    """Serve until it is interrupted."""
    with FakeServer(host, port) as server:
        server.serve_forever()


@contextmanager
def fake_llm(host: str = "127.0.0.1", port: int = 0) -> Iterator[FakeServer]:
    """The server while the `with` lasts, at any free port unless one is given."""
    with FakeServer(host, port) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.is_closing.set()
            server.shutdown()
            thread.join()
