"""Making and checking credentials. Secrets are compared by their SHA-256; they are long and random, so no salt is needed."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from simweb.access.models import SignInLink, Token
from simweb.access.roles import Role, give_role

TOKEN_PREFIX = "simweb_"  # noqa: S105  # so that a leaked one is found by its looks
LINK_LIFETIME = timedelta(hours=12)
LOCAL_ADMIN = "admin"


def digest(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(*, name: str, role: Role, owner: User) -> str:
    """Keep a new token and return its text, which cannot be had again."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    Token.objects.create(name=name, role=role, digest=digest(secret), owner=owner)
    return secret


def find_token(secret: str) -> Token | None:
    """The token with this text, with its owner; None for an unknown one or an owner who is no longer active."""
    return Token.objects.select_related("owner").filter(digest=digest(secret), owner__is_active=True).first()


def local_admin() -> User:
    """The person who runs the server. Made on first start, without a password: it signs in by link."""
    user, created = User.objects.get_or_create(username=LOCAL_ADMIN)
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        give_role(user, Role.ADMIN)
    return user


def create_sign_in_link(user: User) -> str:
    """The secret of a link that signs `user` in once, within 12 hours."""
    SignInLink.objects.filter(expires_at__lt=timezone.now()).delete()
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(digest=digest(secret), user=user, expires_at=timezone.now() + LINK_LIFETIME)
    return secret


def use_sign_in_link(secret: str) -> User | None:
    """The person whom the link signs in; the link is used up. None when it is unknown, used or too old."""
    link = (
        SignInLink.objects.select_related("user").filter(digest=digest(secret), expires_at__gt=timezone.now()).first()
    )
    if link is None or not link.user.is_active:
        return None
    used, _ = SignInLink.objects.filter(pk=link.pk).delete()
    return link.user if used else None  # somebody else used it between the two statements


def note_server_address(base: str) -> None:
    """Say where the server of this data directory serves."""
    _address_file().write_text(base)


def server_address() -> str:
    """Where the server of this data directory serves, or served last."""
    file = _address_file()
    return file.read_text().strip() if file.is_file() else settings.PUBLIC_URL


def _address_file() -> Path:
    return Path(settings.DATA_DIR) / "server-address"
