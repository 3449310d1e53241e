from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from simweb.access.by_role import ByRole
from simweb.access.models import IdempotentRequest, Token
from simweb.access.roles import Role

admin.site.unregister([User, Group])  # Django lets whoever may change a person make him an admin


class ForAdmins(ByRole):
    """People and what lets them in."""

    sees = does = Role.ADMIN


@admin.register(User)
class PersonAdmin(ForAdmins, UserAdmin):
    """People."""


@admin.register(Group)
class RoleAdmin(ForAdmins, GroupAdmin):
    """Roles."""


@admin.register(Token)
class TokenAdmin(ForAdmins, admin.ModelAdmin):
    """Tokens can be looked at and taken away; they are made by `manage.py token`, which shows them once."""

    list_display = ("name", "role", "owner", "created_at")
    list_filter = ("role",)
    search_fields = ("name", "owner__username")
    readonly_fields = ("name", "owner", "created_at")

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ForAdmins, admin.ModelAdmin):
    """Which requests were answered; not with what."""

    list_display = ("key", "person", "status", "created_at")
    fields = ("key", "person", "status", "location", "created_at")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(AccessAttempt)
class WrongPasswordsAdmin(ForAdmins, admin.ModelAdmin):
    """Who gave wrong passwords lately; without the row they may go on at once."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    fields = ("username", "ip_address", "user_agent", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")

    def has_add_permission(self, request: HttpRequest, *of: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
