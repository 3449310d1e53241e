"""Passwords: how they are guessed by nobody, and how those who try hold up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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
    """One at a time, and a few who wait: to hash a password takes a core for half a second, on purpose. Of an address one
    waits at most: who sends many at once holds up nobody else.
    """

    def __init__(self, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._guard = threading.Lock()
        self._waiting: list[str] = []
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """Wait for it; a blank address is nobody's. Raises Busy when as many wait already as may."""
        if not self._is_free():
            self._wait(address)
        try:
            yield
        finally:
            self._turn.release()

    def _is_free(self) -> bool:
        """It is taken then. Nobody is overtaken who waits."""
        with self._guard:
            return not self._waiting and self._turn.acquire(blocking=False)

    def _wait(self, address: str) -> None:
        with self._guard:
            if len(self._waiting) >= self._most_waiting or (address and address in self._waiting):
                raise Busy
            self._waiting.append(address)
        try:
            self._turn.acquire()
        finally:
            with self._guard:
                self._waiting.remove(address)


queue = Queue(MOST_WAITING)
address_now: ContextVar[str] = ContextVar("address_now", default="")  # of whoever is being answered


class PatientHasher(PBKDF2PasswordHasher):
    """Django's own, through the queue. Raises Busy."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with queue.turn(address_now.get()):
            encoded: str = super().encode(password, salt, iterations)
            return encoded


class SayBusy:
    """Middleware: a page for whoever came when too many others signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = address_now.set(address_of(request) or "")
        try:
            return self._get_response(request)
        finally:
            address_now.reset(before)

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
