"""Words of other files and programs, and the fields that are meant by them."""

from __future__ import annotations

from collections.abc import Mapping

OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "agent_id": ("agent", "from_agent", "id"),
    "bank": ("agent", "from_agent"),
    "bank_id": ("agent", "from_agent", "id"),
    "name": ("id",),
    "sender": ("from_agent",),
    "sender_id": ("from_agent",),
    "from": ("from_agent",),
    "payer": ("from_agent",),
    "receiver": ("to_agent",),
    "receiver_id": ("to_agent",),
    "to": ("to_agent",),
    "payee": ("to_agent",),
    "counterparty_id": ("counterparty",),
    "weight": ("new_weight",),
    "value": ("amount",),
    "divisible": ("is_divisible",),
    "is_divisible": ("divisible",),
    "balance": ("opening_balance",),
    "credit_limit": ("unsecured_cap",),
    "overdraft_limit": ("unsecured_cap",),
    "collateral": ("posted_collateral",),
    "haircut": ("collateral_haircut",),
    "fraction": ("liquidity_allocation_fraction",),
    "initial_liquidity_fraction": ("liquidity_allocation_fraction",),
    "end_of_day_penalty": ("eod_penalty",),
    "rate": ("rate_per_tick", "multiplier", "lambda"),
    "std": ("std_dev",),
    "sd": ("std_dev",),
    "days": ("num_days",),
    "seed": ("rng_seed",),
    "banks": ("agents",),
    "events": ("scenario_events",),
    "costs": ("cost_rates",),
    "lsm": ("lsm_config",),
}
