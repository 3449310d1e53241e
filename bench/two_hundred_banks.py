"""Writes the ready-made game of 200 banks to the standard output; it is kept in `simweb/scenarios/payments/files/games/`.

Run as `python -m bench.two_hundred_banks`. Rates and weights are chosen so that each kind of bank receives about as many
payments as it makes. A tick has 70 payments: 10 large banks make 2 each, 50 middle ones 0.3, 140 small ones 0.25. Large ones
pay all alike; the others pay each large bank ten times as often as each other bank. So the large make 20 and get 18, the
middle make 15 and get 14, the small make 35 and get 38.
"""

BEGIN = """\
# Two hundred banks in a day of 100 ticks: 10 large, 50 middle and 140 small ones, about 7,000 payments. Written by
# bench/two_hundred_banks.py. No real banks, no published figures. Money is in cents.

simulation: {ticks_per_day: 100, num_days: 1, rng_seed: 42}

deadline_cap_at_eod: true

cost_rates:
  liquidity_cost_per_tick_bps: 1     # 1 % for the day
  overdraft_bps_per_tick: 2
  collateral_cost_per_tick_bps: 0.5
  delay_cost_per_tick_per_cent: 0.0002
  overdue_delay_multiplier: 5
  deadline_penalty: 2000
  eod_penalty_per_transaction: 5000
  split_friction_cost: 200

lsm_config: {enable_bilateral: true, enable_cycles: true, max_cycle_length: 3, max_cycles_per_tick: 10}

agents:
"""

KIND = """\
  - &{kind}
    id: {name}
    opening_balance: {balance}
    unsecured_cap: {cap}
    posted_collateral: {collateral}
    max_collateral_capacity: {capacity}
    liquidity_pool: {pool}
    liquidity_allocation_fraction: {fraction}
    policy: {policy}
    arrival_config:
      rate_per_tick: {rate}
      amount_distribution: {{type: LogNormal, mean: 100000, std_dev: 80000}}
      deadline_range: {deadline}
      priority_distribution: {{type: Categorical, values: [2, 5, 9], weights: [0.2, 0.6, 0.2]}}
"""

LARGE = {
    "balance": 1_000_000, "cap": 1_500_000, "collateral": 1_000_000, "capacity": 5_000_000,
    "pool": 4_000_000, "fraction": 0.5, "policy": "{type: Fifo}", "rate": 2.0, "deadline": "[10, 40]",
}  # fmt: skip
MIDDLE = {
    "balance": 300_000, "cap": 400_000, "collateral": 200_000, "capacity": 2_000_000, "pool": 1_500_000, "fraction": 0.4,
    "policy": "{type: LiquidityAware, target_buffer: 100000, urgency_threshold: 8}", "rate": 0.3, "deadline": "[15, 50]",
}  # fmt: skip
SMALL = {
    "balance": 300_000, "cap": 200_000, "collateral": 100_000, "capacity": 1_000_000,
    "pool": 1_000_000, "fraction": 0.4, "policy": "{type: Fifo}", "rate": 0.25, "deadline": "[15, 50]",
}  # fmt: skip


def main() -> None:
    """Print the file."""
    print(BEGIN, end="")
    for kind, values, count in (("large", LARGE, 10), ("middle", MIDDLE, 50), ("small", SMALL, 140)):
        names = [f"{kind.upper()}_{number:03}" for number in range(1, count + 1)]
        print(KIND.format(kind=kind, name=names[0], **values), end="")
        if kind == "middle":
            print(
                "      counterparty_weights: &hubs {"
                + ", ".join(f"LARGE_{number:03}: 10" for number in range(1, 11))
                + "}"
            )
        if kind == "small":
            print("      counterparty_weights: *hubs")
        for name in names[1:]:
            print(f"  - {{<<: *{kind}, id: {name}}}")


if __name__ == "__main__":
    main()
