"""The admin site by roles: staff may enter, and their role says, as at every other door, what they may see and do there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.options import BaseModelAdmin
from django.http import HttpRequest

from simweb.access.roles import Role, role_of


def covers(request: HttpRequest, role: Role) -> bool:
    """Whether the person behind the request has the role; asked once a request, however many rows a page has."""
    if not hasattr(request, "role_in_admin"):
        request.role_in_admin = role_of(request.user)  # type: ignore[attr-defined]
    own: Role = request.role_in_admin  # type: ignore[attr-defined]
    return request.user.is_active and own.covers(role)


class ByRole(BaseModelAdmin):  # type: ignore[type-arg]
    """Rows of a model for those whose role covers `sees` and `does`; Django's own permissions count for nothing.

    An action that is for those who may change something says `permissions=["act"]`.
    """

    sees: ClassVar[Role] = Role.VIEWER
    does: ClassVar[Role] = Role.OPERATOR

    def has_module_permission(self, request: HttpRequest) -> bool:
        return covers(request, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return covers(request, self.sees)

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return covers(request, self.does)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return covers(request, self.does)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return covers(request, self.does)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Asked for actions by Django."""
        return covers(request, self.does)
