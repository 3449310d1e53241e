"""People at the pages of a server, each in a browser without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.web.server import Server

MAKE = "from django.contrib.auth.models import User; User.objects.get_or_create(username={name!r})"


@contextmanager
def signed_in(server: Server, viewer: str = "") -> Iterator[httpx.Client]:
    """The pages as the admin sees them, or a viewer of this name, who is made where there is none."""
    who = []
    if viewer:
        server.manage("shell", "-c", MAKE.format(name=viewer))
        who = ["--user", viewer]
    link = server.manage("sign_in_link", "--base", server.base, *who)
    with httpx.Client(base_url=server.base, timeout=30, follow_redirects=True) as client:
        [secret] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(link).text)
        answer = client.post(link, data={"csrfmiddlewaretoken": secret}, headers={"Referer": link})
        assert answer.url.path == "/"
        yield client
