"""The OpenAPI document says what the API takes and answers. What it keeps of it: tests/doors/test_bad_input.py."""

from __future__ import annotations

from simweb.api import api as ninja_api


def test_the_document_says_what_each_route_is_sent() -> None:
    document = ninja_api.get_openapi_schema(path_prefix="/api/v1/")
    assert len(document["paths"]) > 15
    assert document["info"]["title"] == "simweb"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert (
                "requestBody" in operation
                or method in {"get", "delete"}
                or path.endswith(("/retry", "/again", "/verify"))
            )
