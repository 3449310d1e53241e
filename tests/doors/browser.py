"""A signed-in person's browser without scripts: pages over HTTP, forms sent as they stand, session and CSRF included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from tests.html import Element, Page
from tests.web.server import Server

Fields = dict[str, str | list[str]]
LINK = """
from django.contrib.auth.models import User
from simweb.access.services import create_sign_in_link
print(create_sign_in_link(User.objects.get_or_create(username={name!r})[0]))
"""


@contextmanager
def signed_in(server: Server, viewer: str = "") -> Iterator[httpx.Client]:
    """The pages as the admin sees them, or a viewer of this name."""
    browser = Browser(server, viewer)
    try:
        yield browser.client
    finally:
        browser.client.close()


class Browser:
    """One person at one server: the admin, or a viewer of this name, who is made where there is none."""

    def __init__(self, server: Server, viewer: str = "") -> None:
        self.client = httpx.Client(base_url=server.base, timeout=60, follow_redirects=True)
        if viewer:
            link = f"{server.base}/sign-in/{server.manage('shell', '-v', '0', '-c', LINK.format(name=viewer))}/"
        else:
            link = server.manage("sign_in_link", "--base", server.base)
        token = self._csrf(self.client.get(link).text)
        answer = self.client.post(link, data={"csrfmiddlewaretoken": token}, headers={"Referer": link})
        assert answer.url.path == "/"

    def page(self, path: str) -> Page:
        """The page at this address."""
        return Page(self.client.get(path).raise_for_status().text)

    def send(self, path: str, changes: Mapping[str, Any], *, status: int = 200, to: str = "") -> httpx.Response:
        """Send the form of a page as it stands, but for the changes; None takes a field out. Follows the redirect."""
        page = self.client.get(path)
        fields = {**form_of(Page(page.text)), **changes, "csrfmiddlewaretoken": self._csrf(page.text)}
        answer = self.client.post(to or path, data={name: value for name, value in fields.items() if value is not None})
        assert answer.status_code == status, answer.text
        return answer

    def _csrf(self, text: str) -> str:
        [token, *_] = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', text)
        return token


def form_of(page: Page) -> Fields:
    """What a browser would send of the page's fields if nobody touched them."""
    fields: Fields = {}
    for element in page.elements:
        name = element.attributes.get("name", "")
        if not name or element.name not in {"input", "textarea", "select"}:
            continue
        if element.name == "textarea":
            fields[name] = element.text.removeprefix("\n")  # as HTML reads it
        elif element.name == "select":
            fields[name] = _selected(page, element)
        elif element.attributes.get("type") not in {"checkbox", "radio"}:
            fields[name] = element.attributes.get("value", "")
        elif "checked" in element.attributes:
            before = fields.get(name, [])
            fields[name] = [*before, element.attributes.get("value", "on")] if isinstance(before, list) else before
    return fields


def _selected(page: Page, select: Element) -> str:
    place = page.elements.index(select)
    options = []
    for element in page.elements[place + 1 :]:
        if element.depth <= select.depth:
            break
        options.append(element)
    chosen = [option for option in options if "selected" in option.attributes] or options[:1]
    return chosen[0].attributes.get("value", "") if chosen else ""
