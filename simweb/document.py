"""ApiWithDocument: the API whose OpenAPI document names the errors of every operation, too."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to change."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": "string"}},
                    "msg": {"type": "string"},
                    "line": {"type": "integer"},
                },
            },
        },
    },
}
SAID = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class ApiWithDocument(NinjaAPI):
    """Ninja's own document has the answers of those who asked rightly."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._documents: dict[str, Any] = {}  # making one takes a third of a second, and anybody may ask

    def get_openapi_schema(self, **options: Any) -> Any:
        """The document, with the errors that can occur (RFC 9457)."""
        asked = repr(sorted(options.items()))
        if asked not in self._documents:
            self._documents[asked] = self._made(**options)
        return self._documents[asked]

    def _made(self, **options: Any) -> Any:
        document = super().get_openapi_schema(**options)
        document["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for status in _errors_of(path, method, operation):
                    told = {"description": HTTPStatus(status).phrase, "content": SAID}
                    operation["responses"].setdefault(status, told)
        return document


def _errors_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    """The statuses of what can go wrong; 500 is no promise."""
    if "security" not in operation:  # such as /health: it takes nothing
        return
    yield from (400, 401, 403, 422)
    is_asked = path.endswith("/answers/{question}")
    asked = {parameter["name"] for parameter in operation.get("parameters", [])}
    if "{" in path or "scenario" in asked or "requestBody" in operation:  # each may name what there is not
        yield 404
    if method != "get" or is_asked:
        yield 409
    if "requestBody" in operation:
        yield 413
    if is_asked:
        yield from (502, 503, 504)
