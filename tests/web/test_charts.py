"""How the charts of a run are drawn, and taken away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.waiting import wait_until
from tests.web.pages import open_run
from tests.web.server import Lab

PICTURE = "chart => chart.querySelector('canvas').toDataURL()"


def charted(page: Page, lab: Lab, name: str, turns: int = 60) -> int:
    """A run with three charts, open."""
    keys = ["turn.walk.place", "turn.walk.parts", "turn.actions.counts_by_type"]
    [run] = lab.finished(lab.simulation(name, turns=turns, metric_keys=keys), 1)
    open_run(page, run)
    return run


def chart(page: Page, title: str) -> Locator:
    return page.locator("sim-chart").filter(has=page.get_by_role("heading", name=title, exact=True))


def shown(page: Page) -> list[str]:
    """The first and the last turn that the charts show, as the page says."""
    return [page.get_by_label(f"{which} turn shown").input_value() for which in ("First", "Last")]


def test_an_unticked_metric_is_not_drawn_the_next_time_either(page: Page, lab: Lab) -> None:
    charted(page, lab, "Unticked chart")
    tools = page.locator("chart-tools")
    tools.get_by_text("Metrics 3 of 3").click()
    tools.get_by_role("checkbox", name="Parts", exact=True).press("Space")
    expect(chart(page, "Parts")).to_be_hidden()
    page.reload()
    expect(tools.get_by_text("Metrics 2 of 3")).to_be_visible()
    expect(chart(page, "Place")).to_be_visible()
    expect(chart(page, "Parts")).to_be_hidden()
    tools.get_by_text("Metrics 2 of 3").click()
    tools.get_by_role("checkbox", name="Parts", exact=True).check()
    expect(chart(page, "Parts").locator("canvas")).to_be_visible()


@pytest.mark.parametrize("how", ["average", "ema"])
def test_a_smooth_line_is_drawn_beside_the_raw_one(page: Page, lab: Lab, how: str) -> None:
    run = charted(page, lab, f"Smooth {how}")
    page.get_by_label("Smoothing").select_option(how)
    page.get_by_label("Turns to smooth over").fill("3")
    page.keyboard.press("Enter")
    items = lab.client.get(f"/runs/{run}/turns", params={"limit": 100}).json()["items"]
    values = [turn["metrics"]["turn.walk.place"] for turn in items]
    smooth = values[0]
    for value in values:
        smooth = (smooth + value) / 2
    wanted = sum(values[-3:]) / 3 if how == "average" else smooth
    written = page.evaluate("value => Number(value.toPrecision(5)).toLocaleString()", wanted)
    expect(chart(page, "Place").locator(".u-legend .u-value")).to_have_text(["60", str(values[-1]), written])
    page.get_by_label("Smoothing").select_option("")


def test_a_logarithmic_scale_and_stacked_parts_are_drawn_otherwise(page: Page, lab: Lab) -> None:
    charted(page, lab, "Otherwise")
    for title, tick in (("Place", "Log scale"), ("Actions by type", "Stack parts")):
        before = chart(page, title).evaluate(PICTURE)
        page.get_by_label(tick).press("Space")
        expect(chart(page, title).locator("canvas")).to_be_visible()
        assert chart(page, title).evaluate(PICTURE) != before
        page.get_by_label(tick).press("Space")
    legend = chart(page, "Actions by type").locator(".u-legend .u-value")
    expect(legend).to_have_text(["60", "1", "10"])


def test_all_charts_show_the_turns_that_were_dragged_over_until_a_double_click(page: Page, lab: Lab) -> None:
    charted(page, lab, "Dragged")
    over = chart(page, "Place").locator(".u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="All turns")).to_be_enabled()
    first, last = map(int, shown(page))
    assert 14 <= first <= 18
    assert 43 <= last <= 47
    over.dblclick()
    expect(page.get_by_role("button", name="All turns")).to_be_disabled()
    assert shown(page) == ["", ""]


def test_turns_are_chosen_by_keyboard(page: Page, lab: Lab) -> None:
    charted(page, lab, "Typed turns")
    before = chart(page, "Place").evaluate(PICTURE)
    page.get_by_label("First turn shown").fill("10")
    page.get_by_label("Last turn shown").fill("20")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="All turns")).to_be_enabled()
    assert shown(page) == ["10", "20"]
    assert chart(page, "Place").evaluate(PICTURE) != before
    page.get_by_role("button", name="All turns").press("Enter")
    expect(page.get_by_role("button", name="All turns")).to_be_disabled()


def test_a_chart_is_taken_away_as_a_picture_and_as_numbers(page: Page, lab: Lab) -> None:
    run = charted(page, lab, "Taken", turns=5)
    with page.expect_download() as png:
        page.get_by_role("button", name="Place as PNG").click()
    assert png.value.suggested_filename == f"run-{run}-turn.walk.place.png"
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as csv:
        page.get_by_role("button", name="Parts as CSV").click()
    lines = csv.value.path().read_text().splitlines()
    parts = [turn["metrics"]["turn.walk.parts"] for turn in lab.client.get(f"/runs/{run}/turns").json()["items"]]
    rows = [f"{number},{part['odd']},{part['place']}" for number, part in enumerate(parts, 1)]
    assert lines == [f"# run {run}: turn.walk.parts", "Turn,odd,place", *rows]


def test_the_part_of_a_long_run_that_is_zoomed_in_on_has_all_its_turns(page: Page, lab: Lab) -> None:
    charted(page, lab, "Long", turns=5000)
    chart(page, "Place").get_by_text("As a table").click()
    rows = chart(page, "Place").locator(".table tbody tr")
    assert rows.count() <= 2000
    page.get_by_label("First turn shown").fill("3001")
    page.get_by_label("Last turn shown").fill("3100")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(102)  # with one more at either end: the line comes from somewhere
    expect(rows.first).to_contain_text("3000")
    page.get_by_role("button", name="All turns").press("Enter")
    expect(rows.first).to_contain_text("1")
    expect(rows).not_to_have_count(102)


def test_a_run_that_ended_early_is_drawn_as_far_as_it_came(page: Page, lab: Lab) -> None:
    slug = lab.paced("Cut short", seconds=0.02, turns=5000)
    run = lab.run(slug)
    lab.until(run, "running")
    open_run(page, run)
    furthest = "document.querySelector('sim-chart').furthest"
    expect(page.locator("sim-chart canvas").first).to_be_visible()
    assert page.evaluate(furthest) == 5000
    lab.cancel(run)
    done = int(lab.ended(run)["turns_done"])
    wait_until(lambda: page.evaluate(furthest) == done)
