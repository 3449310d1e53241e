"""The tab Explain: a person asks why, and sees the answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import NewContext
from tests.web.pages import live, open_run
from tests.web.server import Lab


def played(lab: Lab, game: str) -> int:
    slug = lab.simulation(f"Explained {game}", "payments", 100, params={"game": game})
    [run] = lab.finished(slug, 1)
    return run


def card(page: Page, title: str) -> Locator:
    return page.locator("#answer .block").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_a_person_asks_why_and_sees_each_cent(page: Page, lab: Lab) -> None:
    run = played(lab, "castro-2")
    cost = lab.get(run)["run_metrics"]["run.payments.cost"]["BANK_B"]
    open_run(page, run)
    page.get_by_role("link", name="Explain", exact=True).click()
    expect(page.locator("datalist option")).to_have_count(2)
    suggested = page.locator("datalist option").evaluate_all("options => options.map(option => option.value)")
    assert suggested == ["BANK_A", "BANK_B"]
    page.get_by_label("Bank", exact=True).fill("BANK_B")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text(f"BANK_B was charged {cost:,} cents")
    expect(card(page, "By tick, in cents").locator("tfoot")).to_contain_text(f"{cost:,}")
    expect(card(page, "By tick, in cents").locator("tbody tr")).to_have_count(12)
    expect(page).to_have_url(re.compile(r"\?tab=explain&question=cost&bank=BANK_B&tick=$"))


def test_the_address_of_an_answer_can_be_shared_and_needs_no_script(new_context: NewContext, lab: Lab) -> None:
    run = played(lab, "castro-2")
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"/runs/{run}/?tab=explain&question=cost&bank=BANK_A&tick=3")
    expect(page.locator("#answer")).to_contain_text("in tick 3.")
    page.get_by_label("Tick", exact=True).fill("99")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_have_text("There is no tick 99: the run has ticks 0 to 11.")
    page.get_by_label("Tick", exact=True).fill("soon")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".ask .error").filter(has_text="Must be a whole number.")).to_be_visible()


def test_the_tree_of_a_bank_says_how_often_each_branch_was_taken(page: Page, lab: Lab) -> None:
    run = played(lab, "five-banks")
    asked = lab.client.get(f"/runs/{run}/answers/policy", params={"bank": "MERIDIAN"}).json()
    root = asked["blocks"][0]["root"]
    open_run(page, run, "?tab=explain&question=policy&bank=MERIDIAN")
    tree = page.get_by_role("group", name="MERIDIAN: payment tree")
    top = tree.locator(":scope > ul > li")
    expect(top.locator(":scope > .node")).to_contain_text(root["label"])
    for way, branch in zip(("yes", "no"), top.locator(":scope > ul > li").all(), strict=True):
        share = f"{root[way]['count'] / root['count']:.0%}"
        expect(branch.locator(":scope > .way")).to_have_text(
            re.compile(rf"{way}\s*{root[way]['count']} × · {re.escape(share)}")
        )
    assert root["count"] == root["yes"]["count"] + root["no"]["count"]


@pytest.mark.parametrize("question", ["cost", "policy", "payments"])
def test_an_answer_fits_on_a_phone(new_context: NewContext, lab: Lab, question: str) -> None:
    run = played(lab, "five-banks")
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"/runs/{run}/?tab=explain&question={question}&bank=ORCHARD")
    live(page)
    expect(page.locator("#answer .block").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_problem_leads_to_the_life_of_the_payment_that_it_names(page: Page, lab: Lab) -> None:
    run = played(lab, "five-banks")
    [named] = re.findall(r"payment (\d+)", lab.client.get(f"/runs/{run}/decisions").json()["items"][0]["intent"])
    open_run(page, run, "?tab=decisions&decision=1")
    page.get_by_role("link", name=f"The life of a payment: {named}", exact=True).first.click()
    expect(page.locator("#answer")).to_contain_text(f"Payment {named}: ")
    expect(card(page, "Step by step").locator("tbody tr").first).to_contain_text("arrived")


def test_a_scenario_without_questions_has_no_such_tab(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("Unexplained", "wealth", 2), 1)
    open_run(page, run, "?tab=explain")
    expect(page.get_by_role("link", name="Explain", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Turns", exact=True)).to_have_attribute("aria-current", "page")


def test_of_very_many_lines_the_largest_are_drawn_and_it_says_so(page: Page, lab: Lab) -> None:
    run = played(lab, "two-hundred-banks")
    open_run(page, run)
    chart = page.locator("sim-chart[data-metric='turn.payments.balance']")
    expect(chart.locator(".u-legend .u-series")).to_have_count(13)
    expect(chart.locator(".foot")).to_have_text(
        "The 12 of 200 with the largest values. The table and the CSV have all."
    )
    chart.get_by_text("As a table").click()
    expect(chart.locator("thead th")).to_have_count(201)
    world = page.locator("sim-world")
    expect(world.locator(".legend")).to_have_text("BalanceQueue 1Queue 2")
