"""Tokens of programs, one-time sign-in links, and the memory of idempotent requests."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from simweb.access.roles import Role


class Token(models.Model):
    """A program's key to the API. Only its hash is kept; the text is shown once."""

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="token_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


class SignInLink(models.Model):
    """Signs a person in once, without a password; the server prints one at its start."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"for {self.user}, until {self.expires_at:%Y-%m-%d %H:%M} UTC"


class IdempotentRequest(models.Model):
    """What was answered to a POST that carried an Idempotency-Key, so that its repetition creates nothing new."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # of method, path and body: the same key must mean the same request
    role = models.CharField(max_length=10, choices=Role.choices)  # a lesser one is not given the answer
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)  # those of yesterday are removed

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_answer_per_person_and_key")]

    def __str__(self) -> str:
        return f"{self.key} of {self.person}"
