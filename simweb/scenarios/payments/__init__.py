"""Payments: a real-time gross settlement system between banks."""

from simweb.scenarios.payments.world import Payments

__all__ = ["Payments"]
