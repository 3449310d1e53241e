"""Tables as they come over the wire, read back with what people read them with."""

from __future__ import annotations

import io
import json

import httpx
import pandas
import pytest
from pyarrow import parquet

from simweb.client import Lab as Client
from tests.odd_measurements import LARGE
from tests.web.server import Lab, Server

TURNS = 3


@pytest.fixture
def odd(lab: Lab) -> int:
    """A run of the world that measures what tables easily get wrong."""
    [run] = lab.finished(lab.simulation("=cmd, odd", "odd-tables", TURNS), 1)
    assert lab.get(run)["status"] == "completed"
    return run


def export(lab: Lab, run: int, format: str, **more: object) -> httpx.Response:
    return lab.client.get(f"/runs/{run}/export", params={"format": format, **more}).raise_for_status()


def frame(content: bytes) -> pandas.DataFrame:
    return pandas.read_csv(io.BytesIO(content), comment="#")


def test_a_bad_part_of_a_mapping_costs_itself_and_is_named(lab: Lab, odd: int) -> None:
    turns = lab.client.get(f"/runs/{odd}/turns").json()["items"]
    assert [turn["metrics"]["turn.odd.holes"] for turn in turns] == [{"good": 1, "bad": None, "fine": 3}] * TURNS
    problems = lab.client.get(f"/runs/{odd}/problems").json()["items"]
    [told] = {problem["description"] for problem in problems if problem["source"] == "turn.odd.holes"}
    assert told == "Holes has no value for 'bad': ValueError: expected a finite number, got nan"
    assert frame(export(lab, odd, "csv").content)["turn.odd.holes.fine"].tolist() == [3] * TURNS


def test_a_blank_name_is_one_name_of_its_mapping(lab: Lab, odd: int) -> None:
    series = lab.client.get(f"/runs/{odd}/series", params={"metric": "turn.odd.blank"}).json()
    assert series["kind"] == "mapping"
    assert series["series"] == {"": [[n, n] for n in (1, 2, 3)], "other": [[n, 10 * n] for n in (1, 2, 3)]}
    compared = lab.client.get("/compare", params={"runs": odd, "metric": "turn.odd.blank/"}).json()
    assert compared["series"][0]["values"] == [1, 2, 3]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_no_two_columns_have_one_name(lab: Lab, odd: int, format: str) -> None:
    content = export(lab, odd, format).content
    table = frame(content) if format == "csv" else parquet.read_table(io.BytesIO(content)).to_pandas()
    assert table["turn.odd.part.twice"].tolist() == [101, 102, 103]
    assert table["turn.odd.part[twice]"].tolist() == [1, 1, 1]
    assert table["actions.step"].tolist() == [-1, -2, -3]
    assert table["actions[step]"].tolist() == [7, 7, 7]
    assert len(set(table.columns)) == len(table.columns)


def test_the_client_keeps_them_apart_too(server: Server, token: str, odd: int) -> None:
    with Client(server.base, token=token) as client:
        table = client.run(odd).to_pandas()
    assert table["turn.odd.part.twice"].tolist() == [101, 102, 103]
    assert table["turn.odd.part[twice]"].tolist() == [1, 1, 1]
    assert table["actions[step]"].tolist() == [7, 7, 7]


def test_whole_numbers_keep_their_digits(lab: Lab, odd: int) -> None:
    table = parquet.read_table(io.BytesIO(export(lab, odd, "parquet").content))
    assert table["turn.odd.large"].to_pylist() == [LARGE + turn for turn in (1, 2, 3)]
    assert str(table.schema.field("turn.odd.count").type) == "int64"
    assert table["turn.odd.huge"].to_pylist() == [str(10**30 + 1), "0.5", "0.5"]
    assert frame(export(lab, odd, "csv").content)["turn.odd.large"].tolist() == [LARGE + turn for turn in (1, 2, 3)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_are_not_left_out(lab: Lab, odd: int, format: str) -> None:
    content = export(lab, odd, format).content
    cells = frame(content) if format == "csv" else parquet.read_table(io.BytesIO(content)).to_pandas()
    rows = [json.loads(cell) for cell in cells["turn.odd.table"]]
    assert rows == [[{"who": "#1", "n": turn}, {"who": "b"}] for turn in (1, 2, 3)]
    if format == "csv":
        assert '# a table in each turn, as JSON: "turn.odd.table"' in content.decode().splitlines()


def test_names_with_number_signs_and_separators_shift_no_column(lab: Lab, odd: int) -> None:
    table = frame(export(lab, odd, "csv").content)
    assert table["turn"].tolist() == [1, 2, 3]
    assert table["turn.odd.names.#tag"].tolist() == [2] * TURNS
    assert table["turn.odd.names.a,b;c"].tolist() == [3] * TURNS
    assert table["turn.odd.names.-y"].tolist() == [-5] * TURNS


def begins_a_formula(line: str, separator: str) -> bool:
    """A cell of the line, as a spreadsheet splits it, is a text that would be calculated."""
    cells = [cell.strip('"') for cell in line.split(separator)]
    return any(cell[:1] in tuple("=+@\t") or (cell[:1] == "-" and not cell[1:2].isdigit()) for cell in cells)


@pytest.mark.parametrize(
    "path",
    [
        "/runs/{run}/export?format=csv",
        "/compare?runs={run}&format=csv&metric=turn.odd.names/%3D1%2B1",
        "/compare?runs={run}&format=csv&part=table",
        "/simulations/{slug}/performance/export",
        "/performance/export",
    ],
)
def test_no_csv_makes_a_spreadsheet_calculate_and_each_may_begin_with_a_mark(lab: Lab, path: str) -> None:
    params = {"note": "=HYPERLINK(1), =2;=3"}
    slug = lab.simulation("=1+1,=2;@x", "toy", 2, params=params)
    failing = lab.simulation("Loud formula", "crashing", 3)
    odd = lab.simulation("Odd names", "odd-tables", 2)
    [_], [_], [run] = lab.finished(slug, 1), lab.finished(failing, 1), lab.finished(odd, 1)
    if "/export?format" in path:
        [run] = lab.finished(slug, 1)
    address = path.format(run=run, slug=failing)
    text = lab.client.get(address).raise_for_status().content.decode()
    for line in text.splitlines():
        assert not begins_a_formula(line, ",")
        assert not begins_a_formula(line, ";")
    marked = lab.client.get(address + ("&" if "?" in address else "?") + "bom=1").content
    assert marked.startswith(b"\xef\xbb\xbf#")
    assert frame(marked).columns.tolist() == frame(text.encode()).columns.tolist()
