"""The page that sets runs beside each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.server import Lab
from tests.web.test_axe import assert_accessible
from tests.web.test_phone import PHONE, hangs_over

KEYS = ["turn.walk.place", "turn.walk.parts", "run.walk.farthest"]


def two_groups(lab: Lab, name: str) -> list[int]:
    """Two runs with ten agents and two with twenty, ended."""
    slug = lab.simulation(name, metric_keys=KEYS)
    runs = [lab.run(slug, params={"agents": agents}) for agents in (10, 10, 20, 20)]
    for run in runs:
        lab.ended(run)
    return runs


def open_comparison(page: Page, runs: list[int], metric: str = "turn.walk.place") -> None:
    """The comparison, its charts drawn."""
    page.goto(f"/compare/?runs={','.join(map(str, runs))}&metric={metric}")
    expect(page.locator("sim-compare")).to_have_attribute("aria-busy", "false")
    expect(page.locator("sim-compare canvas")).to_have_count(2)


def test_groups_what_differs_and_the_metrics_are_shown(page: Page, lab: Lab) -> None:
    runs = two_groups(lab, "Grouped")
    open_comparison(page, runs)
    expect(page.locator(".chosen legend")).to_have_text(
        [re.compile("A Grouped 2 seeds"), re.compile("B Grouped 2 seeds")]
    )
    expect(page.locator(".differing tbody tr")).to_have_text([re.compile(r"Agents\s*10\s*20")])
    expect(page.locator("table.measured")).to_contain_text("Farthest")
    expect(page.locator("[data-plot=bands] .u-legend")).to_contain_text("B mean")


def test_an_unticked_run_leaves_the_comparison_and_the_address(page: Page, lab: Lab) -> None:
    runs = two_groups(lab, "Unticked")
    open_comparison(page, runs)
    page.get_by_role("checkbox", name=f"Run {runs[1]}").press("Space")
    page.wait_for_url(f"**/compare/?runs={runs[0]},{runs[2]},{runs[3]}&metric=turn.walk.place")
    expect(page.locator("[data-plot=runs] .u-legend .u-label")).to_have_count(4)


def test_runs_are_added_by_their_numbers(page: Page, lab: Lab) -> None:
    runs = two_groups(lab, "Added")
    open_comparison(page, runs[:1])
    page.get_by_label("Add runs").fill(f"{runs[1]} {runs[2]}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/compare/?runs={runs[0]},{runs[1]},{runs[2]}&**")


def test_another_metric_is_drawn_and_stays_in_the_address(page: Page, lab: Lab) -> None:
    runs = two_groups(lab, "Another metric")
    open_comparison(page, runs)
    page.get_by_label("Metric over the turns").select_option("turn.walk.parts/odd")
    page.wait_for_url(re.compile(r"metric=turn\.walk\.parts%2Fodd$"))
    expect(page.get_by_role("heading", name="Parts: odd: mean and 95 % interval")).to_be_visible()


def test_each_runs_numbers_are_a_table_and_the_charts_can_be_taken_away(page: Page, lab: Lab) -> None:
    runs = two_groups(lab, "Taken away")[:2]
    open_comparison(page, runs)
    page.get_by_text("As a table").last.click()
    turns = [lab.client.get(f"/runs/{run}/turns").json()["items"] for run in runs]
    values = [[str(turn["metrics"]["turn.walk.place"]) for turn in one] for one in turns]
    cells = page.locator("[data-fill=runs] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert cells == [[str(n), *row] for n, row in enumerate(zip(*values, strict=True), 1)]
    with page.expect_download() as png:
        page.get_by_role("button", name="PNG").first.click()
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as csv:
        page.get_by_role("link", name="CSV").first.click()
    assert csv.value.path().read_text().startswith("# group A: ")


def test_runs_that_finished_early_count_on_until_the_switch_is_turned(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Finished early", "early", 12)
    runs = [lab.run(slug, seed=seed) for seed in (1, 2, 3)]
    done = [lab.ended(run)["turns_done"] for run in runs]
    assert min(done) < max(done)
    counts = "rows => rows.map(row => Number(row.cells[4].textContent))"
    for is_carried in (True, False):
        open_comparison(page, runs, "turn.early.left") if is_carried else page.wait_for_url("**&carry=0")
        page.get_by_text("As a table").first.click()
        rows = page.locator("[data-fill=bands] tbody tr")
        expect(rows).to_have_count(max(done))
        wanted = [3 if is_carried else sum(turns >= turn for turns in done) for turn in range(1, max(done) + 1)]
        assert rows.evaluate_all(counts) == wanted
        if is_carried:
            page.get_by_label("Runs that finished early keep their last value").press("Space")


def test_a_failed_run_is_shown_apart_and_constants_have_no_spread(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Apart", "constant", 3)
    runs = [lab.run(slug, seed=n, params={"value": value}) for value in (0.1, 0.2) for n in range(3)]
    crashing = lab.simulation("Crashes", "crashing", 5)
    runs.append(lab.run(crashing))
    for run in runs:
        lab.ended(run)
    open_comparison(page, runs, "turn.constant.value")
    expect(page.locator(".apart")).to_contain_text(f"Run {runs[-1]}")
    expect(page.locator(".apart")).to_contain_text("failed")
    line = page.get_by_role("row", name="Value mean of turns")
    expect(line).to_contain_text("no spread")


def test_two_runs_are_told_where_they_part(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Parting", metric_keys=KEYS)
    one, same = lab.run(slug, seed=5), lab.run(slug, seed=5)
    other = lab.run(slug, seed=6)
    for run in (one, same, other):
        lab.ended(run)
    open_comparison(page, [one, same])
    expect(page.locator(".parting")).to_have_text("The two runs measured the same in every turn.")
    open_comparison(page, [one, other])
    expect(page.locator(".parting")).to_contain_text(re.compile(r"first differ in turn \d, in turn\.walk"))


def test_without_runs_the_page_says_how_to_choose_them(page: Page, lab: Lab) -> None:
    page.goto("/compare/?runs=999999999,x")
    expect(page.get_by_role("status").filter(has_text="There is no run 999999999.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="x: no number of a run.")).to_be_visible()
    expect(page.get_by_role("heading", name="Choose the runs to compare")).to_be_visible()
    [run] = lab.finished(lab.simulation("Chosen by number"), 1)
    page.get_by_label("Runs", exact=True).fill(str(run))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("checkbox", name=f"Run {run}")).to_be_checked()


def test_without_scripts_the_numbers_are_tables(new_context: NewContext, lab: Lab) -> None:
    runs = two_groups(lab, "Plain comparison")
    plain = new_context(java_script_enabled=False).new_page()
    plain.goto(f"/compare/?runs={','.join(map(str, runs))}&metric=turn.walk.place")
    plain.get_by_role("link", name="Show its numbers as a table").click()
    expect(plain.locator("[data-fill=bands] tbody tr")).to_have_count(5)
    plain.get_by_role("checkbox", name=f"Run {runs[0]}").uncheck()
    plain.get_by_role("button", name="Show").click()
    expect(plain.locator(".one")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_comparison_is_accessible(new_context: NewContext, lab: Lab, scheme: str) -> None:
    page = new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    runs = two_groups(lab, f"Axe {scheme}")
    open_comparison(page, runs)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    expect(page.locator("[data-fill=runs] tbody tr")).to_have_count(5)
    assert_accessible(page)
    page.goto("/compare/")
    assert_accessible(page)


def test_the_comparison_fits_a_phone(new_context: NewContext, lab: Lab) -> None:
    phone = new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    open_comparison(phone, two_groups(lab, "A comparison of_which_the_name_is_longer_than_any_line_of_a_phone"))
    assert hangs_over(phone) == 0
    phone.goto("/compare/")
    assert hangs_over(phone) == 0
