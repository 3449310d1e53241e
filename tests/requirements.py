"""What the machine must have for some tests: without it they skip, or, where SIMWEB_REQUIRE asks for it, fail."""

from __future__ import annotations

import pytest

from tests.environment import REQUIRED


def require(kind: str, present: bool, reason: str) -> None:
    """Go on when `present`; else skip with the reason, or fail under SIMWEB_REQUIRE=<kind>."""
    if present:
        return
    if kind in {part.strip() for part in REQUIRED.split(",")}:
        pytest.fail(f"SIMWEB_REQUIRE asks for {kind}: {reason}", pytrace=False)
    pytest.skip(reason)
