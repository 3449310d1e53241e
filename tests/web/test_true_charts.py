"""Charts show what was measured: their labels whole, their numbers exact, every value drawn."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.pages import open_dashboard, open_run, row_of
from tests.web.server import Lab

LISTEN = """() => {
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const width = this.measureText(text).width, align = this.textAlign;
    const left = align === "right" || align === "end" ? x - width : align === "center" ? x - width / 2 : x;
    (this.canvas.texts ??= []).push({ text, left, right: left + width, y, height: this.canvas.height, width: this.canvas.width });
    return write.apply(this, arguments);
  };
}"""
TEXTS = "chart => chart.querySelector('canvas').texts"
INK = """(chart, token) => {
  const canvas = chart.querySelector("canvas"), colour = Plots.css(token).match(/[0-9.]+/g).map(Number);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    found += data[at + 3] > 128 && [0, 1, 2].every((part) => Math.abs(data[at + part] - colour[part]) < 30);
  }
  return found;
}"""


def chart(page: Page, title: str) -> Locator:
    return page.locator("sim-chart").filter(has=page.get_by_role("heading", name=title, exact=True))


def opened(page: Page, lab: Lab, name: str, turns: int) -> int:
    """The page of a run of the world of odd numbers, which notes what is written on its charts."""
    [run] = lab.finished(lab.simulation(name, "odd-charts", turns), 1)
    page.add_init_script(f"({LISTEN})()")
    open_run(page, run)
    return run


def labels(one: Locator) -> tuple[list[str], list[str]]:
    """What the axes of a chart say: turns and values. None of it is cut."""
    texts = one.evaluate(TEXTS)
    assert texts
    for text in texts:
        assert text["left"] >= 0, text
        assert text["right"] <= text["width"], text
    low = max(text["y"] for text in texts)
    turns = [text["text"] for text in texts if text["y"] > low - 12]
    return turns, [text["text"] for text in texts if text["text"] not in turns or text["y"] <= low - 12]


@pytest.mark.parametrize("width", [1280, 360])
def test_labels_are_whole_and_tell_values_apart(page: Page, lab: Lab, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, lab, f"Odd labels {width}", 60)
    for title in ("Large", "Exact", "Small", "Tiny", "Vast", "Most", "Million"):
        turns, values = labels(chart(page, title))
        assert all(re.fullmatch(r"[0-9,]+", turn) for turn in turns), (title, turns)
        assert len(set(values)) >= 2, (title, values)
    assert {"123,460", "123,500"} & set(labels(chart(page, "Large"))[1])
    assert "0.0002" in labels(chart(page, "Small"))[1]
    assert "2e+300" in labels(chart(page, "Vast"))[1]
    assert "2e-39" in labels(chart(page, "Tiny"))[1]


def test_the_legend_is_not_rounded_and_stays_in_its_card(page: Page, lab: Lab) -> None:
    opened(page, lab, "Odd legends", 60)
    wanted = {"Large": "123,516", "Exact": "123,456.789", "Tiny": "6e-39", "Vast": "4e+300", "Million": "98,765,492"}
    for title, text in wanted.items():
        legend = chart(page, title).locator(".u-legend .u-value")
        expect(legend).to_have_text(["60", text])
        box, card = legend.last.bounding_box(), chart(page, title).bounding_box()
        assert box is not None
        assert card is not None
        assert box["x"] + box["width"] <= card["x"] + card["width"]


def test_a_value_among_gaps_is_a_dot(page: Page, lab: Lab) -> None:
    opened(page, lab, "Odd gaps", 60)
    assert chart(page, "Lone").evaluate(INK, "--series-1") > 40


def test_a_run_of_one_turn_is_drawn_here_and_in_a_comparison(page: Page, lab: Lab) -> None:
    run = opened(page, lab, "One turn", 1)
    assert chart(page, "Large").evaluate(INK, "--series-1") > 8
    page.goto(f"/compare/?runs={run}&metric=turn.size.large")
    expect(page.locator("sim-compare[aria-busy=false]")).to_be_visible()
    for plot in ("bands", "runs"):
        assert page.locator(f"[data-plot={plot}]").evaluate(INK, "--series-1") > 8


def test_no_axis_has_half_a_turn(page: Page, lab: Lab) -> None:
    run = opened(page, lab, "Few turns", 3)
    turns, _ = labels(chart(page, "Large"))
    assert set(turns) == {"1", "2", "3"}
    page.goto(f"/compare/?runs={run}&metric=turn.size.large")
    expect(page.locator("sim-compare[aria-busy=false]")).to_be_visible()
    turns, values = labels(page.locator("[data-plot=runs]"))
    assert set(turns) == {"1", "2", "3"}
    assert all("," in value for value in values)


def test_the_small_line_of_a_simulation_shows_single_values_and_gaps(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Odd small line", "odd-charts", 30)
    lab.client.patch(f"/simulations/{slug}", json={"headline_metric": "turn.size.lone"})
    lab.finished(slug, 1)
    open_dashboard(page, "Odd+small+line")
    expect(row_of(page, "Odd small line").locator(".spark circle")).to_have_count(3)


def test_the_numbers_of_a_chart_are_safe_in_a_spreadsheet(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Odd names", "odd-tables", 2), 1)
    open_run(page, run, "?bom=1")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Names as CSV").click()
    text = taken.value.path().read_bytes().decode()
    assert (
        text == f'\ufeff# run {run}: turn.odd.names\nTurn,"#tag",\'-y,\'=1+1,\'@x,"a,b;c"\n1,2,-5,1,4,3\n2,2,-5,1,4,3\n'
    )
