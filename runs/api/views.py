"""API of saved views: a query of runs with its order and columns under a name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, StrictBool

from runs import saved
from runs.api.answers import NotFound, answer, caller
from runs.models import SavedView
from simweb.access.idempotency import idempotent
from simweb.access.roles import Role

router = Router(tags=["saved views"])


class ViewIn(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str
    query: str = ""
    sort: str = ""
    columns: list[str] = []
    is_shared: StrictBool = False


class ViewPatch(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    query: str | None = None
    sort: str | None = None
    columns: list[str] | None = None
    is_shared: StrictBool | None = None


class ViewOut(Schema):
    id: int
    name: str
    query: str
    sort: str
    columns: list[str]
    is_shared: bool
    owner: str


class ViewList(Schema):
    items: list[ViewOut]
    next_cursor: str | None


@router.get("/saved-views", response=ViewList, summary="Your views and those that are shared")
def list_views(request: HttpRequest) -> HttpResponse:
    found = saved.views_of(caller(request).user)
    return answer({"items": [_json(view) for view in found], "next_cursor": None})


@router.post("/saved-views", response={201: ViewOut}, summary="Save a view; one of yours of this name is replaced")
@idempotent
def create_view(request: HttpRequest, data: ViewIn) -> HttpResponse:
    made = saved.save_view(owner=caller(request, Role.OPERATOR).user, **data.dict())
    return answer(_json(made), 201, f"/api/v1/saved-views/{made.pk}")


@router.get("/saved-views/{view_id}", response=ViewOut)
def get_view(request: HttpRequest, view_id: int) -> HttpResponse:
    return answer(_json(_find(request, view_id)))


@router.patch("/saved-views/{view_id}", response=ViewOut, summary="Change one of yours")
def change_view(request: HttpRequest, view_id: int, data: ViewPatch) -> HttpResponse:
    return answer(_json(saved.change_view(_find(request, view_id, own=True), **data.dict())))


@router.delete("/saved-views/{view_id}", response={204: None}, summary="Forget one of yours")
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    _find(request, view_id, own=True).delete()
    return HttpResponse(status=204)


def _find(request: HttpRequest, view_id: int, *, own: bool = False) -> SavedView:
    person = caller(request, Role.OPERATOR if own else Role.VIEWER).user
    found = saved.views_of(person).filter(pk=view_id).first() if 0 <= view_id < 2**63 else None
    if found is None or (own and found.owner_id != person.pk):
        raise NotFound(f"there is no saved view {view_id} of yours" if own else f"there is no saved view {view_id}")
    return found


def _json(view: SavedView) -> dict[str, Any]:
    names = ("name", "query", "sort", "columns", "is_shared")
    return {"id": view.pk, "owner": view.owner.username, **{name: getattr(view, name) for name in names}}
