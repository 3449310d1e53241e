"""No page is wider than its window, whatever the window's width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.conftest import NewContext
from tests.web.pages import expand, open_dashboard, rows
from tests.web.server import Lab
from tests.web.test_phone import LONG, hangs_over

WIDTHS = (320, 360, 500, 640, 900, 1280, 2560)
COLUMNS = "?columns=seed,turns,problems,started,created,tags,duration,cost,param.agents"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(new_context: NewContext, lab: Lab, width: int) -> None:
    slug, failing = lab.simulation(LONG, "deciding", 6), lab.simulation(f"Failing {LONG}", "crashing", 5)
    run, failed = lab.finished(slug, 1)[0], lab.finished(failing, 1)[0]
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    own = f"/simulations/{slug}/"
    addresses = (
        *("/", "/runs/", f"/runs/{COLUMNS}", "/performance/", "/simulations/new/", "/notifiers/"),
        *(own, f"{own}new/", f"{own}settings/", f"{own}performance/", f"/compare/?runs={run},{failed}"),
        *(f"/runs/{run}/?tab={tab}" for tab in ("turns", "decisions", "agents", "problems", "log", "events", "spec")),
        f"/runs/{failed}/",
    )
    for address in addresses:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert hangs_over(page) == 0, address


@pytest.mark.parametrize("width", WIDTHS)
def test_an_open_history_hides_tokens_and_cost_alone_and_only_in_narrow_windows(
    new_context: NewContext, lab: Lab, width: int
) -> None:
    failing = lab.simulation(LONG, "crashing", 5)
    lab.finished(failing, 1)
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    open_dashboard(page, "A simulation whose")
    history = expand(page, LONG)
    shown = [cell.inner_text().lower() for cell in history.get_by_role("columnheader").filter(visible=True).all()]
    hidden = set() if width >= 640 else {"tokens", "cost"}
    assert set(shown) - {"actions"} == {"status", "started", "duration", "trigger", "tokens", "cost"} - hidden
    expect(rows(history).first.get_by_text("RuntimeError: the bank is empty")).to_be_visible()
    expect(rows(history).first.locator("time.at")).to_be_visible()
    assert hangs_over(page) == 0


@pytest.mark.parametrize("address", ["/runs/", f"/runs/{COLUMNS}", "/compare/?runs={run}"])
def test_wherever_a_run_is_listed_its_menu_is(new_context: NewContext, lab: Lab, address: str) -> None:
    run = lab.finished(lab.simulation("With a menu"), 1)[0]
    page = new_context().new_page()
    page.goto(address.format(run=run))
    page.get_by_role("button", name=f"Actions of run {run}").first.click()
    page.get_by_role("menuitem", name="Run again").click()
    expect(page.get_by_text(f"is queued, as another go of run {run}")).to_be_visible()
