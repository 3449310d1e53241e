"""A scenario of one's own, written, pasted or uploaded on the page of a new run, and checked as it is typed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from simweb.scenarios.payments.files.games import game_text
from tests.web.conftest import NewContext
from tests.web.server import Lab
from tests.web.test_new_run import press_run
from tests.web.test_phone import hangs_over

FIVE = "Five banks, one day"
DROP = """(area, name) => {
  const carried = new DataTransfer();
  carried.items.add(new File(["sender,receiver,amount,tick\\nBANK_A,BANK_B,12.50,1\\n"], name));
  area.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""
LINE_OF_CURSOR = "area => area.value.slice(0, area.selectionStart).split('\\n').length"


def open_form(page: Page, lab: Lab, name: str, **params: Any) -> str:
    """The form of a new run of payments; the simulation's slug."""
    slug = lab.simulation(name, "payments", 1000, params=params)
    page.goto(f"/simulations/{slug}/new/")
    return slug


def text_of(page: Page, title: str = "Scenario file") -> Locator:
    return page.get_by_role("textbox", name=title, exact=True)


def preview(page: Page) -> Locator:
    return page.get_by_role("region", name="Preview")


def outdated(page: Page) -> Locator:
    return preview(page).get_by_text("as it was before the error")


def start_from(page: Page, title: str) -> Locator:
    """Choose a scenario of one's own that begins with this ready-made one; its text."""
    page.get_by_label("Game").select_option("own")
    page.get_by_role("link", name=title).click()
    expect(text_of(page)).to_have_value(re.compile("simulation:"))
    return text_of(page)


def errors(page: Page, name: str = "scenario") -> Locator:
    return page.locator(f"#error-{name}")


def run_of(page: Page, lab: Lab) -> dict[str, Any]:
    """Press Run; the run when it has ended."""
    press_run(page)
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    return lab.ended(int(page.url.rstrip("/").rsplit("/", 1)[-1]))


def test_a_newcomer_edits_a_ready_made_scenario_sees_the_mistake_mends_it_and_runs_it(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Edited")
    expect(text_of(page)).to_be_hidden()
    area = start_from(page, FIVE)
    expect(page.get_by_role("link", name=FIVE)).to_be_hidden()
    expect(preview(page)).to_contain_text("5 banks, 1 day of 20 ticks")
    right = area.input_value()
    place = right.index("unsecured_cap")
    area.evaluate("(area, at) => { area.focus(); area.setSelectionRange(at, at); }", place)
    page.keyboard.type("x")
    line = right[:place].count("\n") + 1
    expect(errors(page)).to_contain_text(f"line {line}")
    expect(errors(page)).to_contain_text('Did you mean "unsecured_cap"?')
    expect(area).to_be_focused()
    expect(area).to_have_attribute("aria-invalid", "true")
    expect(outdated(page)).to_be_visible()
    expect(preview(page)).to_contain_text("5 banks")
    page.get_by_label("Replicates").focus()
    errors(page).get_by_role("button", name=f"line {line}").first.click()
    expect(area).to_be_focused()
    assert area.evaluate(LINE_OF_CURSOR) == line
    for _ in range(len(right[:place].split("\n")[-1])):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(errors(page)).to_be_empty()
    expect(outdated(page)).to_be_hidden()
    expect(area).not_to_have_attribute("aria-invalid", "true")
    assert area.input_value() == right
    run = run_of(page, lab)
    assert (run["status"], run["turns"], run["params"]["scenario"]) == ("completed", 20, right)


def test_a_file_is_read_into_its_field_and_what_is_no_text_is_refused_there(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Uploaded")
    page.get_by_label("Game").select_option("own")
    picker = page.get_by_label("A file for Scenario file")
    text = game_text("castro-3")
    picker.set_input_files(FilePayload(name="mine.yaml", mimeType="text/yaml", buffer=b"\xef\xbb\xbf" + text.encode()))
    expect(text_of(page)).to_have_value(text)
    expect(preview(page)).to_contain_text("1 day of 3 ticks")
    refused = page.get_by_role("alert").filter(has_text="mine")
    picker.set_input_files(FilePayload(name="mine.yaml", mimeType="text/yaml", buffer="größer".encode("latin-1")))
    expect(refused).to_have_text("mine.yaml is not a text in UTF-8: save it as such, then choose it again.")
    picker.set_input_files(FilePayload(name="mine.yaml", mimeType="text/yaml", buffer=b"#" * 1_000_001))
    expect(refused).to_have_text("mine.yaml has 1,000,001 bytes: at most 1,000,000 fit here.")
    expect(text_of(page)).to_have_value(text)
    assert run_of(page, lab)["turns"] == 3


def test_a_list_of_payments_is_dropped_onto_its_field_and_its_mistakes_are_named_by_line(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Dropped")
    area = text_of(page, "List of payments")
    area.evaluate(DROP, "mine.csv")
    expect(area).to_have_value("sender,receiver,amount,tick\nBANK_A,BANK_B,12.50,1\n")
    expect(errors(page, "payments")).to_be_empty()
    area.fill(area.input_value() + "BANK_A,BANK_X,1,0\n")
    expect(errors(page, "payments")).to_contain_text("line 3")
    expect(errors(page, "payments").get_by_role("button", name="line 3").first).to_be_visible()


def test_the_largest_file_that_fits_can_be_checked_and_run(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Large")
    page.get_by_label("Game").select_option("own")
    text = game_text("castro-1")
    text += "#,\n" * ((1_000_000 - len(text.encode())) // 3)
    picker = page.get_by_label("A file for Scenario file")
    picker.set_input_files(FilePayload(name="large.yaml", mimeType="text/yaml", buffer=text.encode()))
    expect(errors(page)).not_to_be_empty()  # too large for the scenario, but not for the server


def test_turns_explanation_and_preview_follow_the_game(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Followed", game="castro-1")
    expect(page.get_by_label("Turns", exact=True)).to_have_attribute("placeholder", "all 2")
    expect(preview(page)).to_contain_text("1 day of 2 ticks")
    page.get_by_label("Game").select_option("twenty-banks")
    expect(page.get_by_text("A week with limits, collateral, urgent payments")).to_be_visible()
    expect(page.get_by_text("Two banks know their payments")).to_be_hidden()
    expect(page.get_by_label("Turns", exact=True)).to_have_attribute("placeholder", re.compile(r"all \d\d\d"))
    expect(preview(page)).to_contain_text("20 banks, 5 days")


def test_a_simulation_of_ones_own_scenario_plays_a_ready_made_game_for_once_and_all_of_it(page: Page, lab: Lab) -> None:
    slug = open_form(page, lab, "Once", game="own", scenario=game_text("castro-3"))
    expect(text_of(page)).to_be_visible()
    page.get_by_label("Game").select_option("castro-2")
    expect(text_of(page)).to_be_hidden()
    expect(page.get_by_label("Turns", exact=True)).to_have_attribute("placeholder", "all 12")
    run = run_of(page, lab)
    assert (run["params"]["game"], run["params"]["scenario"], run["turns"]) == ("castro-2", "", 12)
    page.goto(f"/simulations/{slug}/settings/")
    page.get_by_label("Game").select_option("castro-1")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Saved. Runs that are already queued")).to_be_visible()
    saved = lab.client.get(f"/simulations/{slug}").json()
    assert (saved["params"]["game"], saved["params"]["scenario"], saved["turns"]) == ("castro-1", "", 2)


def test_the_page_does_not_wait_for_its_preview(page: Page, lab: Lab) -> None:
    held: list[Route] = []
    page.route("**/preview/*", lambda route: held.append(route))
    open_form(page, lab, "Not waited for")
    expect(page.get_by_role("status", name="The preview is being drawn")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    held[0].continue_()
    expect(preview(page)).to_contain_text("2 banks")


def test_a_tab_leaves_the_text_and_long_lines_stay_lines(page: Page, lab: Lab) -> None:
    open_form(page, lab, "By keyboard")
    area = start_from(page, FIVE)
    expect(area).to_have_css("white-space", "pre")
    area.focus()
    page.keyboard.press("Tab")
    expect(area).not_to_be_focused()
    assert "\t" not in area.input_value()


def test_a_wide_preview_and_a_long_text_scroll_in_themselves(new_context: NewContext, lab: Lab) -> None:
    slug = lab.simulation("Wide " * 8, "payments", 2, params={"game": "own", "scenario": game_text("twenty-banks")})
    run = lab.run(slug, turns=1)
    lab.ended(run)
    for width in (320, 390, 640, 1280, 2560):
        page = new_context(viewport={"width": width, "height": 800}).new_page()
        page.goto(f"/simulations/{slug}/new/")
        text_of(page).fill("agents:\n  - " + "x" * 400)
        expect(errors(page)).not_to_be_empty()
        assert hangs_over(page) == 0, width
        page.goto(f"/simulations/{slug}/new/")
        expect(preview(page).get_by_role("table").first).to_be_visible()
        assert hangs_over(page) == 0, width
        for address in (f"/runs/{run}/?tab=spec", "/runs/?columns=param.scenario", f"/compare/?runs={run}"):
            page.goto(address)
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            assert hangs_over(page) == 0, (width, address)


def test_without_scripts_every_field_is_there_and_a_scenario_is_refused_and_run(
    new_context: NewContext, lab: Lab, forgiven: list[str]
) -> None:
    forgiven.append("422")
    page = new_context(java_script_enabled=False).new_page()
    open_form(page, lab, "No scripts")
    expect(text_of(page)).to_be_visible()
    expect(preview(page)).to_contain_text("needs JavaScript")
    page.get_by_label("Game").select_option("own")
    text_of(page).fill("simulation: {}\n")
    press_run(page)
    expect(errors(page)).to_contain_text("line 1, simulation")
    expect(text_of(page)).to_have_value("simulation: {}\n")
    text_of(page).fill(Path("simweb/scenarios/payments/files/games/castro-1.yaml").read_text())
    assert run_of(page, lab)["turns"] == 2
