"""What calls cost, by the list of prices that comes with genai-prices; it is as old as the version that is installed."""

from __future__ import annotations

from typing import Any

from genai_prices import Usage, __version__, calc_price

from simweb.scenarios.optimization.config import LLMConfig

PRICE_LIST = f"genai-prices {__version__}"
SAME_PRICES = {"openai-chat": "openai", "openai-responses": "openai"}


def price_of(config: LLMConfig, usage: Any) -> float | None:
    """In USD; None where the list does not have the model, or the server that offers it."""
    provider, _, name = config.model.rpartition(":")
    try:
        if config.base_url is not None:
            price = calc_price(usage, name, provider_api_url=config.base_url)
        else:
            price = calc_price(usage, name, provider_id=SAME_PRICES.get(provider, provider))
    except (LookupError, ValueError):
        return None
    return float(price.total_price)


def most_price_of(config: LLMConfig, input_tokens: int, output_tokens: int) -> float | None:
    """Of a call that is still to be made: nothing of it is taken to be cached."""
    return price_of(config, Usage(input_tokens=input_tokens, output_tokens=output_tokens))
