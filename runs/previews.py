"""What a scenario says before anything is run: what its parameters stand for, and texts to start one's own from.

It is somebody's code, asked in a server: what it raises is told where its answer would have been.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from simweb.engine import Scenario
from simweb.engine.blocks import told
from simweb.engine.params import read_params, worded

log = logging.getLogger(__name__)


def has_preview(scenario: type[Scenario]) -> bool:
    """Whether the scenario has something to say of its parameters."""
    own = scenario.__mro__[: scenario.__mro__.index(Scenario)]
    return any("preview" in vars(kind) for kind in own)


def drawn(scenario: type[Scenario], params: Mapping[str, Any]) -> SafeString:
    """The preview of checked parameters, as HTML."""
    try:
        blocks = told(scenario.preview(read_params(scenario.Params, params)))
        return render_to_string("runs/_blocks.html", {"blocks": blocks})
    except BaseException as error:  # it may raise anything, and what it gives may not be drawable
        log.warning("preview of %s: %s", scenario.key, worded(error))
        return format_html(
            '<p class="notice warning">The scenario\'s own preview failed: {}. It can be run all the same.</p>',
            worded(error),
        )


def examples_of(scenario: type[Scenario], field: str) -> dict[str, str]:
    """Texts to start from, by title; none when asking for them fails."""
    try:
        return {str(title): str(text) for title, text in scenario.examples(field).items()}
    except BaseException as error:  # a form without examples is a form still
        log.warning("examples of %s for %s: %s", scenario.key, field, worded(error))
        return {}
