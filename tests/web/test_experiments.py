"""Experiments in the browser: from a template to what was found, live, with every proposal to be looked at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from simweb.scenarios.optimization.llm.fake import fake_llm
from simweb.scenarios.optimization.subjects import templates
from simweb.scenarios.payments.files.games import game_text
from tests.web.conftest import NewContext
from tests.web.pages import live
from tests.web.server import Lab
from tests.web.test_axe import assert_accessible
from tests.web.test_phone import hangs_over
from tests.web.test_widths import WIDTHS

OWN = templates()["castro-1"].text.replace("scenario: castro-1.yaml", "scenario: markets/mine.yaml")
# Long enough to be watched, as each iteration plays many samples in the interpreter.
LONG = (
    templates()["castro-2"]
    .text.replace(", holdout_samples: 200", "")
    .replace("num_samples: 50", "num_samples: 60, history_days: 2")
    .replace("kind: best-response", "kind: random")
)


def new(page: Page, template: str = "castro-1") -> None:
    page.goto(f"/experiments/new/?template={template}")
    expect(preview(page)).to_contain_text("In each iteration a policy of each agent")


def preview(page: Page) -> Locator:
    return page.get_by_role("region", name="Preview")


def text_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Experiment file", exact=True)


def start(page: Page) -> int:
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"/experiments/\d+/$"))
    return int(page.url.rstrip("/").rsplit("/", 1)[-1])


def finished(page: Page, template: str = "castro-1") -> int:
    """An experiment of this template whose page says that it is completed; its number."""
    new(page, template)
    number = start(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Completed")
    return number


def test_a_newcomer_runs_a_ready_made_one_and_sees_what_was_found(page: Page, lab: Lab) -> None:
    page.goto("/experiments/new/")
    page.get_by_role("link", name="Castro 3: three periods").click()
    expect(text_of(page)).to_have_value(re.compile("castro-3.yaml"))
    number = start(page)
    result = page.get_by_role("region", name="What was found")
    expect(result).to_contain_text("It came to rest after 7 iterations. Total cost went from 9,990 to 3,996 cents")
    rows = result.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("initial_liquidity_fraction: 0.5 → 0.2")
    expect(rows.nth(1).get_by_role("cell").nth(2)).to_have_text("1,998")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Completed")
    expect(page.get_by_role("img", name="Cost over the iterations")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^run \d+$")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Run")
    page.goto("/experiments/")
    row = page.locator(f"#experiment-{number}-row")
    expect(row).to_contain_text("Castro 3, three periods")
    expect(row).to_contain_text("3,996")


def test_it_is_watched_live_and_an_iteration_that_was_opened_stays_open(page: Page, lab: Lab) -> None:
    new(page)
    text_of(page).fill(LONG)
    expect(preview(page)).to_contain_text("60 samples")
    start(page)
    live(page)
    first = page.locator("#iteration-1")
    first.locator("summary").first.click()
    expect(first).to_contain_text("Seed of BANK_A")
    first.get_by_text("Old and new by sample").first.click()
    expect(first.get_by_role("group", name="Samples of BANK_A").get_by_role("row")).to_have_count(61)
    expect(page.locator("#iteration-4")).to_be_visible()
    expect(first.get_by_role("group", name="Samples of BANK_A")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Running")
    expect(page.get_by_text("attempt 2")).to_be_visible()
    page.get_by_role("button", name="Stop").click()


def test_what_a_proposal_changes_is_shown_line_by_line(page: Page, lab: Lab) -> None:
    finished(page)
    iteration = page.locator("#iteration-1")
    iteration.locator("summary").first.click()
    proposal = iteration.get_by_role("article").nth(1)
    expect(proposal).to_contain_text("BANK_B accepted")
    expect(proposal).to_contain_text("0.5 → 0.2")
    proposal.get_by_text("What it changes in the policy").click()
    expect(proposal.locator(".diff .removed")).to_have_text(['    "initial_liquidity_fraction": 0.5'])
    expect(proposal.locator(".diff .added")).to_have_text(['    "initial_liquidity_fraction": 0.2'])


def test_what_a_model_was_asked_and_answered_can_be_read(page: Page, lab: Lab) -> None:
    with fake_llm() as model:
        new(page, "castro-1-llm")
        text = text_of(page).input_value()
        text_of(page).fill(text.replace("http://127.0.0.1:8089/v1", model.base_url))
        expect(page.locator("#error-experiment")).to_be_empty()
        start(page)
        expect(page.get_by_role("region", name="What was found")).to_contain_text("to 2,000 cents")
    page.locator("#iteration-2 summary").first.click()
    call = page.locator("#iteration-2 details.call").first
    expect(call).to_contain_text(re.compile(r"Attempt 1: openai:fake, [\d,]+ \+ \d+ tokens"))
    call.locator("summary").click()
    expect(call.get_by_text("You choose the policy of BANK_A")).to_be_visible()
    expect(call.get_by_text("A little less of each")).to_be_visible()


def test_a_mistake_is_told_as_it_is_typed_with_its_line(page: Page, lab: Lab) -> None:
    new(page)
    area = text_of(page)
    right = area.input_value()
    area.fill(right.replace("best-response", "best-respons"))
    error = page.locator("#error-experiment")
    expect(error).to_contain_text(
        'proposer.kind: Write best-response, random, scripted, llm or tpe here, not "best-respons"'
    )
    expect(error.get_by_role("button", name=re.compile(r"line \d+"))).to_be_visible()
    area.fill(right)
    expect(error).to_be_empty()


def test_an_experiment_and_the_files_that_it_names_are_uploaded(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    new(page)
    text_of(page).fill(OWN)
    expect(page.locator("#error-experiment")).to_contain_text("is not among the files that came with the experiment")
    files = [
        FilePayload(name="mine.yaml", mimeType="text/yaml", buffer=game_text("castro-1").encode()),
        FilePayload(name="other.yaml", mimeType="text/yaml", buffer=b"a: 1\n"),
    ]
    page.get_by_label("Files for Files that it names").set_input_files(files)
    expect(page.locator("#error-experiment")).to_be_empty()
    start(page)
    expect(page.get_by_role("region", name="What was found")).to_contain_text("2,000 cents")
    page.get_by_text("The experiment's file and those that it names").click()
    expect(page.get_by_role("heading", name="mine.yaml")).to_be_visible()


def test_a_deleted_one_is_brought_back(page: Page, lab: Lab) -> None:
    number = finished(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Restore it").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    page.goto("/experiments/")
    expect(page.locator(f"#experiment-{number}-row")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_they_can_be_used_by_everybody(new_context: NewContext, lab: Lab, theme: str) -> None:
    page = new_context(color_scheme=theme, reduced_motion="reduce").new_page()
    new(page)
    assert_accessible(page)
    finished(page)
    page.locator("#iteration-1 summary").first.click()
    expect(page.locator("#iteration-1")).to_contain_text("Seed of BANK_A")
    for closed in page.locator("#iteration-1 details").all():
        closed.locator("summary").click()
    assert_accessible(page)
    page.goto("/experiments/")
    assert_accessible(page)


def test_no_page_of_them_is_wider_than_its_window(new_context: NewContext, lab: Lab) -> None:
    page = new_context().new_page()
    number = finished(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for address in (
            "/experiments/",
            "/experiments/new/",
            f"/experiments/{number}/",
            f"/experiments/{number}/iterations/1/",
        ):
            page.goto(address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert hangs_over(page) == 0, (address, width)
