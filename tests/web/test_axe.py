"""Accessibility, as far as a machine can tell: axe finds nothing serious in any state of the pages, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import chevron, expand, live, menu_button, open_dashboard
from tests.web.server import Lab
from tests.web.test_settings import add_notifier, plan

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
RUN_AXE = "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)"


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, new_context: NewContext) -> Page:
    """A tab in the light, then in the dark; nothing moves, so that colours are what they end as."""
    return new_context(color_scheme=request.param, reduced_motion="reduce").new_page()


def assert_accessible(page: Page) -> None:
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    told = [
        f"{one['id']}: {one['help']}: {[(node['html'][:160], node.get('failureSummary')) for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert not told, "\n".join(told)


def test_the_dashboard_in_all_its_states(themed: Page, lab: Lab) -> None:
    slug = lab.paced("Axe dashboard")
    lab.cancel(lab.run(slug))
    failed = lab.finished(lab.simulation("Axe failed", "crashing"), 1)[0]
    lab.simulation("Axe empty")
    lab.until(lab.run(slug), "running")
    open_dashboard(themed, "Axe")
    assert_accessible(themed)
    expand(themed, "Axe dashboard")
    assert_accessible(themed)
    expand(themed, "Axe failed")
    menu_button(themed, failed).click()
    expect(themed.get_by_role("menu")).to_be_visible()
    assert_accessible(themed)
    themed.keyboard.press("Escape")
    expand(themed, "Axe empty")
    assert_accessible(themed)
    themed.evaluate("document.querySelector('toast-stack').show('Run 1 failed', { kind: 'error', href: '/runs/1/' })")
    assert_accessible(themed)


def test_a_history_that_is_loading_or_broken(themed: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven += ["ERR_FAILED", "htmx:"]
    lab.simulation("Axe broken")
    open_dashboard(themed, "Axe broken")
    themed.route("**/history/", lambda route: None)
    chevron(themed, "Axe broken").click()
    assert_accessible(themed)
    themed.unroute("**/history/")
    themed.route("**/history/", lambda route: route.abort())
    themed.reload()
    expect(themed.get_by_role("button", name="Try again")).to_be_visible()
    assert_accessible(themed)


def test_a_search_without_result(themed: Page) -> None:
    themed.goto("/?q=zzzz-nothing")
    live(themed)
    assert_accessible(themed)


def test_the_form_with_errors(themed: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    slug = lab.simulation("Axe form")
    themed.goto(f"/simulations/{slug}/new/")
    themed.get_by_label("Agents", exact=True).fill("many")
    themed.get_by_role("button", name="Run", exact=True).click()
    expect(themed.locator("#error-agents")).not_to_be_empty()
    themed.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert_accessible(themed)
    themed.goto("/simulations/new/")
    assert_accessible(themed)


def test_the_form_of_a_scenario_of_ones_own(themed: Page, lab: Lab) -> None:
    slug = lab.simulation("Axe payments", "payments")
    themed.goto(f"/simulations/{slug}/new/")
    expect(themed.locator("#preview table").first).to_be_visible()
    themed.get_by_label("Game").select_option("own")
    expect(themed.locator("#error-scenario")).to_contain_text("line 1")
    expect(themed.locator("#preview-state")).to_be_visible()
    assert_accessible(themed)


def test_the_run_page_running_and_failed(themed: Page, lab: Lab) -> None:
    running = lab.run(lab.paced("Axe running"))
    lab.until(running, "running")
    [failed] = lab.finished(lab.simulation("Axe failing", "crashing"), 1)
    [costly] = lab.finished(lab.simulation("Axe costly", "costly"), 1)
    for address in (f"{running}/", f"{failed}/", f"{costly}/?tab=problems", f"{failed}/?tab=events"):
        themed.goto(f"/runs/{address}")
        live(themed)
        expect(themed.locator("sim-chart canvas").first).to_be_visible()
        themed.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert_accessible(themed)


def test_the_run_page_with_decisions(themed: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Axe deciding", "haggling", 12), 1)
    [graph] = lab.finished(lab.simulation("Axe graph", "graph", 5), 1)
    for address in (f"{run}/?tab=decisions", f"{graph}/?tab=decisions&decision=3", f"{graph}/?tab=problems", f"{run}/"):
        themed.goto(f"/runs/{address}")
        live(themed)
        expect(themed.locator("sim-chart canvas").first).to_be_visible()
        assert_accessible(themed)


def test_tables_that_are_wider_than_their_page(themed: Page, lab: Lab) -> None:
    themed.set_viewport_size({"width": 360, "height": 740})
    [run] = lab.finished(lab.simulation("Axe wide", "crashing"), 1)
    for tab in ("turns", "events"):
        themed.goto(f"/runs/{run}/?tab={tab}")
        live(themed)
        assert_accessible(themed)


def test_the_lists_of_runs(themed: Page, lab: Lab) -> None:
    slug = lab.simulation("Axe list")
    lab.finished(slug, 1)
    for address in ("/runs/", f"/simulations/{slug}/", "/runs/?status=stuck"):
        themed.goto(address)
        live(themed)
        assert_accessible(themed)


def test_the_settings_as_they_are_and_with_errors(themed: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    slug = lab.simulation("Axe settings")
    plan(lab, slug)
    themed.goto(f"/simulations/{slug}/settings/")
    add_notifier(themed, "https://example.com/hook")
    assert_accessible(themed)
    themed.get_by_label("Schedule", exact=True).fill("every morning")
    themed.get_by_role("button", name="Save").click()
    expect(themed.get_by_text("Is not a cron expression")).to_be_visible()
    assert_accessible(themed)


def test_the_sign_in_pages(new_context: NewContext, forgiven: list[str]) -> None:
    forgiven += ["410", "404"]
    for scheme in ("light", "dark"):
        page = new_context(storage_state=None, color_scheme=scheme).new_page()
        for address in ("/sign-in/", "/sign-in/used-up/"):
            page.goto(address)
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            assert_accessible(page)


def test_an_answer_with_tables_and_a_tree(themed: Page, lab: Lab) -> None:
    slug = lab.simulation("Axe explained", "payments", 100, params={"game": "five-banks"})
    [run] = lab.finished(slug, 1)
    for asked in ("question=policy&bank=MERIDIAN", "question=cost&bank=ORCHARD"):
        themed.goto(f"/runs/{run}/?tab=explain&{asked}")
        live(themed)
        expect(themed.locator("#answer .block").first).to_be_visible()
        assert_accessible(themed)
