"""Roles: viewer < operator < admin. Every door asks here, and nowhere else, what a person may do."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices


class Role(TextChoices):
    VIEWER = "viewer"  # sees everything, changes nothing
    OPERATOR = "operator"  # starts, stops, retries and deletes runs; keeps simulations and selections
    ADMIN = "admin"  # also people, tokens and the admin site

    def covers(self, needed: Role) -> bool:
        """True when this role may do what `needed` may."""
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


class Forbidden(PermissionDenied):
    """A signed-in person lacks the role. The message is meant for that person."""

    def __init__(self, needed: Role, role: Role) -> None:
        super().__init__(f"this needs the role {needed.value}; yours is {role.value}")
        self.needed = needed


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role:
    """A superuser is admin; else the group named after a role counts; else viewer."""
    if not isinstance(user, User):
        return Role.VIEWER
    if user.is_superuser:
        return Role.ADMIN
    groups = {group.name for group in user.groups.all()}  # which may have been fetched already, of many people at once
    return next((role for role in (Role.ADMIN, Role.OPERATOR) if role.value in groups), Role.VIEWER)


def give_role(user: User, role: Role) -> None:
    """Make `role` the person's only role."""
    user.groups.set([Group.objects.get_or_create(name=role.value)[0]])
    user.is_staff = role is Role.ADMIN
    user.is_superuser = role is Role.ADMIN
    user.save(update_fields=["is_staff", "is_superuser"])
