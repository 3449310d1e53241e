"""API of exports and imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Query, Router

from runs import queries
from runs.api.answers import Bom, answer, caller, find_run
from runs.csv_lines import BOM
from runs.models import Run
from runs.schemas import RunOut, run_json
from runs.specs import BadSpec, FieldError
from runs.transfer import exports, imports, tables
from simweb.access.roles import Role

router = Router(tags=["export and import"])
Format = Literal["csv", "json", "parquet"]
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
EXPORT = {
    "requestBody": {
        "required": True,
        "description": "What `GET /runs/{run_id}/export?format=json` gave, here or elsewhere. A run is imported once.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
Ids = Annotated[
    str, Query(pattern=r"^[0-9]{1,18}(,[0-9]{1,18}){0,199}$", description="Up to 200, separated by commas.")
]


@router.get("/runs/export", summary="Several runs in one file")
def export_runs(request: HttpRequest, ids: Ids, format: Format = "csv", bom: Bom = False) -> HttpResponseBase:
    wanted = [int(text) for text in ids.split(",")]
    found = queries.visible_runs(caller(request)).in_bulk(wanted)
    missing = [str(pk) for pk in wanted if pk not in found]
    if missing:
        raise BadSpec([FieldError(("ids",), f"There is no run {', '.join(missing)}.")])
    return file_of([found[pk] for pk in dict.fromkeys(wanted)], format, "runs", bom=bom)


@router.get("/runs/{int:run_id}/export", summary="A run in a file, with its spec and what it was played with")
def export_run(request: HttpRequest, run_id: int, format: Format = "csv", bom: Bom = False) -> HttpResponseBase:
    return file_of([find_run(request, run_id)], format, f"run-{run_id}", bom=bom)


@router.post("/runs/import", response={201: list[RunOut]}, summary="Make runs of a JSON export", openapi_extra=EXPORT)
def import_runs(request: HttpRequest) -> HttpResponseBase:
    by = caller(request, Role.OPERATOR).user
    # Read as a stream: `request.body` is for bodies of ordinary size.
    made = imports.import_runs(imports.read_export(request.read()), by=by)
    return answer([run_json(run) for run in made], 201)


def file_of(runs: Sequence[Run], format: Format, name: str, *, bom: bool = False) -> StreamingHttpResponse:
    """The file, begun before it is answered, so that what cannot be exported is an error and no half file."""
    made: Iterator[Any] = {"csv": tables.csv_of, "json": exports.json_of, "parquet": tables.parquet_of}[format](runs)
    first = next(made, "")
    parts: Iterable[Any] = chain([BOM] if bom and format == "csv" else [], [first], made)
    response = StreamingHttpResponse(parts, content_type=TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return response
