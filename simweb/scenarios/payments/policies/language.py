"""The language of policy trees: which trees, actions, operators and fields there are, and what each may hold."""

from __future__ import annotations

from types import MappingProxyType

from simweb.scenarios.payments.rules import codes
from simweb.scenarios.payments.rules.fields import BANK_FIELDS, PAYMENT_FIELDS

TREES = ("payment_tree", "bank_tree", "strategic_collateral_tree", "end_of_tick_collateral_tree")
TOP_KEYS = ("version", "policy_id", "description", "parameters", *TREES)
STATE_PREFIX = "bank_state_"
PRIORITY_FLAGS = MappingProxyType({"HIGH": 10, "MEDIUM": 5, "LOW": 1})

COLLATERAL_ACTIONS = ("PostCollateral", "WithdrawCollateral", "HoldCollateral")
ACTIONS = MappingProxyType(
    {
        "payment_tree": (
            "Release",
            "ReleaseWithCredit",
            "Hold",
            "Split",
            "PaceAndRelease",
            "Reprioritize",
            "Drop",
            "WithdrawFromRtgs",
        ),
        "bank_tree": ("SetReleaseBudget", "SetState", "AddState", "NoAction"),
        "strategic_collateral_tree": COLLATERAL_ACTIONS,
        "end_of_tick_collateral_tree": COLLATERAL_ACTIONS,
    }
)
CODES = MappingProxyType(
    {
        "Release": codes.RELEASE,
        "ReleaseWithCredit": codes.RELEASE,
        "Hold": codes.HOLD,
        "Split": codes.SPLIT_PAYMENT,
        "PaceAndRelease": codes.SPLIT_PAYMENT,
        "Reprioritize": codes.REPRIORITIZE,
        "Drop": codes.DROP,
        "WithdrawFromRtgs": codes.WITHDRAW_FROM_RTGS,
        "SetReleaseBudget": codes.SET_RELEASE_BUDGET,
        "SetState": codes.SET_STATE,
        "AddState": codes.ADD_STATE,
        "NoAction": codes.NO_ACTION,
        "PostCollateral": codes.POST_COLLATERAL,
        "WithdrawCollateral": codes.WITHDRAW_COLLATERAL,
        "HoldCollateral": codes.HOLD_COLLATERAL,
    }
)
# Of each action: its number, its second number, and its texts; a * marks what it must have.
NUMBERS = MappingProxyType(
    {
        "Split": ("num_splits*",),
        "PaceAndRelease": ("num_splits*",),
        "Reprioritize": ("new_priority*",),
        "SetReleaseBudget": ("max_value_to_release*", "max_per_counterparty"),
        "SetState": ("value*",),
        "AddState": ("value*",),
        "PostCollateral": ("amount*",),
        "WithdrawCollateral": ("amount*",),
    }
)
TEXTS = MappingProxyType(
    {
        "Release": ("priority_flag",),
        "ReleaseWithCredit": ("priority_flag",),
        "Hold": ("reason",),
        "SetReleaseBudget": ("focus_counterparties",),
        "SetState": ("key*", "reason"),
        "AddState": ("key*", "reason"),
        "PostCollateral": ("reason",),
        "WithdrawCollateral": ("reason",),
    }
)
UNSUPPORTED_ACTIONS = MappingProxyType(
    {
        "StaggerSplit": "staggered release is not supported; use Split",
        "ResubmitToRtgs": "RTGS classes are not supported",
    }
)
UNSUPPORTED_PARAMETERS = MappingProxyType(
    {
        "timed_for_tick": "timed release is not supported; hold the payment until current_tick is reached",
        "auto_withdraw_after_ticks": "collateral timers are not supported; withdraw in a collateral tree",
    }
)
UNSUPPORTED_FIELDS = MappingProxyType(
    {
        "lsm_run_rate_last_10_ticks": "it is always 0 in the published engine",
        "system_throughput_guidance_fraction_by_tick": "it is always 0 in the published engine",
        "tx_is_top_counterparty": "it is always 0 in the published engine; compare tx_counterparty_id with top_cpty_1_id_hash",
    }
)
COMPARISONS = MappingProxyType(
    {
        "==": codes.EQUAL,
        "!=": codes.UNEQUAL,
        "<": codes.LESS,
        "<=": codes.LESS_OR_EQUAL,
        ">": codes.GREATER,
        ">=": codes.GREATER_OR_EQUAL,
    }
)
OF_TWO = MappingProxyType(
    {
        "+": codes.ADD,
        "-": codes.SUBTRACT,
        "*": codes.MULTIPLY,
        "/": codes.DIVIDE,
    }
)
OF_MANY = MappingProxyType({"max": codes.MAXIMUM, "min": codes.MINIMUM})
OF_ONE = MappingProxyType({"ceil": codes.CEIL, "floor": codes.FLOOR, "round": codes.ROUND, "abs": codes.ABS})
COMPUTATIONS = (*OF_TWO, *OF_MANY, *OF_ONE, "clamp", "div0")


def as_name(said: object) -> str:
    """What should be a name, as one: nothing else can be looked up."""
    return said if isinstance(said, str) else ""


def fields_of(tree: str) -> tuple[str, ...]:
    """The fields that may be read in a tree, apart from registers."""
    return (*PAYMENT_FIELDS, *BANK_FIELDS) if tree == "payment_tree" else BANK_FIELDS
