"""Policies for people to start from, as the parameter `policies` takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

URGENT_OR_AFFORDABLE: Mapping[str, Any] = {
    "version": "2.0",
    "policy_id": "urgent or affordable",
    "parameters": {"urgent_within": 2, "buffer": 10_000},
    "payment_tree": {
        "type": "condition",
        "node_id": "is_urgent",
        "condition": {"op": "<=", "left": {"field": "ticks_to_deadline"}, "right": {"param": "urgent_within"}},
        "on_true": {"type": "action", "node_id": "release_urgent", "action": "Release"},
        "on_false": {
            "type": "condition",
            "node_id": "is_affordable",
            "condition": {
                "op": ">=",
                "left": {"compute": {"op": "-", "left": {"field": "balance"}, "right": {"field": "remaining_amount"}}},
                "right": {"param": "buffer"},
            },
            "on_true": {"type": "action", "node_id": "release", "action": "Release"},
            "on_false": {"type": "action", "node_id": "hold", "action": "Hold"},
        },
    },
}
NAMED: Mapping[str, Any] = {"BANK_A": "Fifo", "BANK_B": {"type": "Deadline", "urgency_threshold": 2}}
EXAMPLES: Mapping[str, str] = {
    "Named policies": json.dumps(NAMED, indent=2),
    "A tree": json.dumps({"BANK_A": URGENT_OR_AFFORDABLE}, indent=2),
}
