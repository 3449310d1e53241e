"""Files as they come over the wire."""

from __future__ import annotations

import pytest

from tests.web.server import Lab


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_an_export_arrives_whole(lab: Lab, kind: str) -> None:
    slug = lab.simulation("Leaves", "deciding", 6)
    [run] = lab.finished(slug, 1)
    answer = lab.client.get(f"/runs/{run}/export", params={"format": kind})
    assert answer.status_code == 200
    if kind == "json":
        assert len(answer.json()["runs"][0]["turn_rows"]) == 6
    else:
        assert len(answer.content) > 1000
