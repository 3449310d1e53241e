from django.contrib import admin
from django.http import HttpRequest

from simweb.access.models import IdempotentRequest, Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """Tokens can be looked at and taken away; they are made by `manage.py token`, which shows them once."""

    list_display = ("name", "role", "owner", "created_at")
    list_filter = ("role",)
    search_fields = ("name", "owner__username")
    readonly_fields = ("name", "owner", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(admin.ModelAdmin):
    """Remembered answers."""

    list_display = ("key", "person", "status", "created_at")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
