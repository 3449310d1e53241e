"""`/metrics`: the door for Prometheus."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from performance.exposition import CONTENT_TYPE
from performance.families import exposition
from simweb.access.doors import caller_of_token

WHO_MAY = (
    "Send a token (Authorization: Bearer simweb_...; made by: manage.py token prometheus --role viewer), "
    "or name the network of the scraper in SIMWEB_METRICS_NETWORKS.\n"
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """What all processes together have counted, whichever is asked."""
    if not (_is_near(request.META.get("REMOTE_ADDR", "")) or _has_token(request) or request.user.is_authenticated):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse(WHO_MAY, status=401, content_type="text/plain; charset=utf-8", headers=headers)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _is_near(address: str) -> bool:
    """In a network that needs no token. A server that listens on IPv6 as well sees IPv4 as ::ffff:10.0.0.1."""
    try:
        asking = ip_address(address)
    except ValueError:
        return False  # a Unix socket has none
    if isinstance(asking, IPv6Address):
        asking = asking.ipv4_mapped or asking
    return any(asking in network for network in settings.METRICS_NETWORKS)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and caller_of_token(secret.strip()) is not None
