"""Policies: a stand-in until the real ones are merged."""

from __future__ import annotations

from typing import Any


def read_policy(said: Any) -> dict:
    """The policy as it was said."""
    return dict(said) if isinstance(said, dict) else {"type": said}
