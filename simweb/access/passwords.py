"""Passwords: how they are guessed by nobody, and how those who try hold up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MOST_WAITING = 3


class Busy(Exception):
    """Too many passwords wait to be looked at."""

    retry_after = 5


class Queue:
    """One at a time, and a few who wait: to hash a password takes a core for half a second, on purpose."""

    def __init__(self, most_waiting: int) -> None:
        self._places = threading.BoundedSemaphore(1 + most_waiting)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for it. Raises Busy when as many wait already as may."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turn:
                yield
        finally:
            self._places.release()


queue = Queue(MOST_WAITING)


class PatientHasher(PBKDF2PasswordHasher):
    """Django's own, through the queue. Raises Busy."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with queue.turn():
            encoded: str = super().encode(password, salt, iterations)
            return encoded


class SayBusy:
    """Middleware: a page for whoever came when too many others signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django: what to answer when the view raises."""
        if not isinstance(exception, Busy):
            return None
        detail = f"Too many people are signing in just now. Try again in {exception.retry_after} seconds."
        said = render(request, "error.html", {"title": "Not just now", "detail": detail, "status": 503}, status=503)
        said["Retry-After"] = str(exception.retry_after)
        return said


def address_of(request: HttpRequest) -> str | None:
    """Where a request comes from. What it says of that itself is believed only as far as SIMWEB_PROXIES wrote it."""
    said = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    found = said[-settings.PROXIES].strip() if 0 < settings.PROXIES <= len(said) else ""
    try:
        return str(ip_address(found))
    except ValueError:
        return request.META.get("REMOTE_ADDR")


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The answer to somebody who was wrong too often."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    said = render(request, "access/locked_out.html", {"minutes": minutes}, status=429)
    said["Retry-After"] = str(minutes * 60)
    return said
