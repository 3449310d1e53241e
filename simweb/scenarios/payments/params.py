"""What a person can set: a ready-made game or a scenario file of their own, payments, fractions, policies, the stream."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationInfo, field_validator

from simweb.engine import Fault, Faulty, Params, data_file
from simweb.scenarios.documents.suggestions import did_you_mean
from simweb.scenarios.payments.files.games import GAMES, game_text
from simweb.scenarios.payments.files.payment_list import read_payments
from simweb.scenarios.payments.files.scenario_file import read_scenario
from simweb.scenarios.payments.market import Listed, Market
from simweb.scenarios.payments.policies import read_policy

OWN = "own"
MOST_LIST_CHARACTERS = 2_000_000
MOST_FILE_BYTES = 50_000_000
FOLDER = "payments"  # of the data directory
TITLES: dict[str, JsonValue] = {**{key: game.title for key, game in GAMES.items()}, OWN: "A scenario of my own"}
EXPLANATIONS: dict[str, JsonValue] = {
    **{key: game.sentence for key, game in GAMES.items()},
    OWN: "Written or pasted below, in the format of SimCash.",
}
Game = Literal["castro-1", "castro-2", "castro-3", "five-banks", "twenty-banks", "two-hundred-banks", "own"]


class PaymentsParams(Params):
    """Which market is played, and what its banks do."""

    game: Game = Field(
        "castro-2",
        title="Game",
        description="A ready-made scenario, or one of your own.",
        json_schema_extra={"choices": TITLES, "explanations": EXPLANATIONS},
    )
    scenario: str = Field(
        "",
        title="Scenario file",
        validate_default=True,
        description="For a scenario of your own: YAML, as docs/payments.md describes it.",
        json_schema_extra={
            "multiline": True,
            "rows": 16,
            "language": "yaml",
            "upload": ".yaml,.yml",
            "only_if": "game=own",
        },
    )
    payments: str = Field(
        "",
        title="List of payments",
        max_length=MOST_LIST_CHARACTERS,
        description="Payments that arrive beside those of the scenario, as CSV: sender, receiver, amount, tick, and perhaps day, "
        "deadline (ticks after the arrival) or deadline_tick, priority, divisible. With time instead of tick, write a line such "
        "as # day: 07:00-18:00 above.",
        json_schema_extra={"multiline": True, "rows": 6, "language": "csv", "upload": ".csv,.txt,.tsv"},
    )
    payments_file: str = Field(
        "",
        title="File of payments",
        description=f"A longer list: the name of a file in {FOLDER}/ of the data directory.",
    )
    fractions: dict[str, float] = Field(
        {},
        title="Fractions of the pools",
        description='What share of its liquidity pool a bank puts in, over what the scenario says: {"BANK_A": 0.2}.',
    )
    policies: dict[str, JsonValue] = Field(
        {},
        title="Policies",
        description='What decides for a bank, over what the scenario says: {"BANK_A": "Fifo"}, '
        '{"BANK_A": {"type": "Deadline", "urgency_threshold": 2}}, or a tree.',
        json_schema_extra={"rows": 8, "language": "json", "upload": ".json"},
    )
    stream: Literal["numpy", "xorshift64*"] = Field(
        "numpy",
        title="Random numbers",
        description="NumPy's for ordinary use; xorshift64* to repeat published figures draw by draw.",
        json_schema_extra={"choices": {"numpy": "NumPy", "xorshift64*": "xorshift64*"}},
    )

    @field_validator("scenario")
    @classmethod
    def _is_a_scenario(cls, text: str, info: ValidationInfo) -> str:
        if info.data.get("game") == OWN:
            read_scenario(text)
        elif text.strip() and "game" in info.data:
            raise ValueError(
                'A scenario file is given, but a ready-made game is chosen: choose "own", or empty the file.'
            )
        return text

    @field_validator("payments")
    @classmethod
    def _is_a_list(cls, text: str, info: ValidationInfo) -> str:
        if text.strip() and (market := _market_said(info)):
            read_payments(text, market)
        return text

    @field_validator("payments_file")
    @classmethod
    def _is_a_file(cls, name: str, info: ValidationInfo) -> str:
        if name and (market := _market_said(info)):
            read_payments(_text_of(name), market)
        return name

    @field_validator("fractions")
    @classmethod
    def _are_fractions(cls, fractions: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        market = _market_said(info)
        if market is None:
            return fractions
        pools = {bank.name: bank.pool for bank in market.banks}
        faults = []
        for bank, fraction in fractions.items():
            if bank not in pools:
                faults.append(Fault(f"There is no bank {bank!r}.{did_you_mean(bank, pools)}", (bank,)))
            elif pools[bank] is None:
                faults.append(Fault(f"{bank} has no liquidity_pool of which a fraction could be put in.", (bank,)))
            elif not 0 <= fraction <= 1:
                faults.append(Fault("Must lie between 0 and 1.", (bank,)))
        if faults:
            raise Faulty(faults)
        return fractions

    @field_validator("policies")
    @classmethod
    def _are_policies(cls, policies: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        market = _market_said(info)
        names = market.names if market else tuple(policies)
        faults = []
        for bank, said in policies.items():
            if bank not in names:
                faults.append(Fault(f"There is no bank {bank!r}.{did_you_mean(bank, names)}", (bank,)))
            try:
                policy = read_policy(said)
                faults += [Fault(fault.message, (bank, *fault.path)) for fault in focus_faults(policy, names)]
            except Faulty as error:
                faults += [Fault(fault.message, (bank, *fault.path)) for fault in error.faults]
        if faults:
            raise Faulty(faults)
        return policies


def market_of(params: PaymentsParams) -> Market:
    """The market with the payments that were brought. The parameters are those of a run: they were checked."""
    file = data_file(params.payments_file, folder=FOLDER) if params.payments_file else None
    stamp = file.stat().st_mtime_ns if file else 0
    return _market(params.game, params.scenario, params.payments, params.payments_file, stamp)


def policies_of(params: PaymentsParams) -> dict[str, dict[str, Any]]:
    """The trees that replace what the scenario says."""
    return {bank: read_policy(said) for bank, said in params.policies.items()}


def focus_faults(policy: Any, names: tuple[str, ...]) -> list[Fault]:
    """Counterparties in release budgets that there are not; structure was checked before."""
    found = []

    def look(node: dict[str, Any], path: tuple[str | int, ...]) -> None:
        if node["type"] == "condition":
            look(node["on_true"], (*path, "on_true"))
            look(node["on_false"], (*path, "on_false"))
            return
        chosen = (node.get("parameters") or {}).get("focus_counterparties", {}).get("value", [])
        place = (*path, "parameters", "focus_counterparties")
        for bank in chosen:
            if bank not in names:
                message = f"Node {node['node_id']!r}: there is no bank {bank!r}.{did_you_mean(bank, names)}"
                found.append(Fault(message, place))

    if policy.get("bank_tree"):
        look(policy["bank_tree"], ("bank_tree",))
    return found


def _market_said(info: ValidationInfo) -> Market | None:
    """The market, when what was said of it before is right; else None, and its own faults are told."""
    game, text = info.data.get("game"), info.data.get("scenario")
    if game is None or text is None:
        return None
    return read_scenario(text if game == OWN else game_text(game))


def _text_of(name: str) -> str:
    path = data_file(name, folder=FOLDER)
    if path.stat().st_size > MOST_FILE_BYTES:
        raise ValueError(f"{name} has more than {MOST_FILE_BYTES:,} bytes.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8: save it as such.") from None


@lru_cache(maxsize=4)
def _market(game: str, scenario: str, payments: str, file: str, stamp: int) -> Market:
    """What was read last; `stamp` is when the file was changed."""
    market = read_scenario(scenario if game == OWN else game_text(game))
    listed: tuple[Listed, ...] = read_payments(payments, market) if payments.strip() else ()
    if file:
        listed += read_payments(_text_of(file), market)
    return replace(market, listed=tuple(sorted(listed, key=lambda one: one.tick)))
