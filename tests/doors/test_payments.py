"""Payments at a served server: compiled or not, a run is the same; and compiled rules are at hand before a run is forked."""

from __future__ import annotations
