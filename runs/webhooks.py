"""Webhooks: posting to an address that somebody named, such that neither it nor who answers there can do harm."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

# For all of it: finding the name's address, connecting, TLS, sending, and the head of the answer. Its body is not read.
DEADLINE_SECONDS = 10.0
# Addresses that hold, or are translated to, one of another network; and relays, which lead who knows where.
DISGUISES = [
    ipaddress.ip_network(text)
    for text in (
        *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96"),  # IPv4 in IPv6: compatible, mapped, translated
        *("64:ff9b::/96", "64:ff9b:1::/48"),  # NAT64
        *("2002::/16", "192.88.99.0/24"),  # 6to4
        *("2001::/32", "fec0::/10"),  # Teredo, site-local
    )
]


class Refused(Exception):
    """An address to which this server does not send."""


class TooSlow(Exception):
    """It was not done within the deadline."""


def post(address: str, body: str, headers: dict[str, str]) -> int:
    """POST within the deadline, to the very address that was checked: the name is asked once, no redirect is followed.

    The status of the answer. Raises Refused, TooSlow, and what httpx and the resolver raise.
    """
    try:
        return asyncio.run(_post(address, body, headers))
    except TimeoutError:
        raise TooSlow(f"it took longer than {DEADLINE_SECONDS:g} s") from None


async def _post(address: str, body: str, headers: dict[str, str]) -> int:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise Refused("the address must begin with http:// or https://")
    async with asyncio.timeout(DEADLINE_SECONDS):
        ip = await _checked_ip(host, parts.port or (443 if parts.scheme == "https" else 80))
        url = httpx.URL(address).copy_with(host=ip)
        told = {**headers, "Host": parts.netloc.split("@")[-1]}
        async with httpx.AsyncClient(timeout=DEADLINE_SECONDS, follow_redirects=False, trust_env=False) as client:
            options = {"sni_hostname": host}
            async with client.stream("POST", url, content=body, headers=told, extensions=options) as response:
                return response.status_code


async def _checked_ip(host: str, port: int) -> str:
    found = [str(item[4][0]) for item in await asyncio.wrap_future(_resolved(host, port))]
    if not settings.NOTIFY_PRIVATE and not all(map(is_public, found)):
        raise Refused(f"{host} is in a private network; set SIMWEB_NOTIFY_PRIVATE=1 to allow that")
    return found[0]


def _resolved(host: str, port: int) -> Future[list[Any]]:
    """Asked by a thread of its own, which nobody waits for: a name server may keep it for longer than the deadline."""
    answer: Future[list[Any]] = Future()
    answer.set_running_or_notify_cancel()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # such as UnicodeError, for what can be no name
            answer.set_exception(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return answer


def is_public(address: str) -> bool:
    """Whether it is one of the whole world's, and says so itself."""
    ip = ipaddress.ip_address(address)
    hidden = any(ip in network for network in DISGUISES if network.version == ip.version)
    return ip.is_global and not (hidden or ip.is_multicast or ip.is_reserved or ip.is_unspecified)
