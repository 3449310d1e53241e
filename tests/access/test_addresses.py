"""By which address wrong passwords are counted: a client's own word for it is not believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from simweb.access.passwords import address_of


@pytest.mark.parametrize(
    ("proxies", "said", "found"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9, 192.0.2.3", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies_wrote_it(
    rf: RequestFactory, settings: Any, proxies: int, said: str, found: str
) -> None:
    settings.PROXIES = proxies
    assert address_of(rf.get("/", headers={"x-forwarded-for": said}, REMOTE_ADDR="192.0.2.1")) == found
