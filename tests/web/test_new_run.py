"""The form of a run: fields, errors, metrics."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.web.server import Lab


def open_form(page: Page, lab: Lab, name: str) -> str:
    """The form of a new toy; its slug."""
    slug = lab.simulation(name)
    page.goto(f"/simulations/{slug}/new/")
    return slug


def press_run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def unfold(page: Page, topic: str) -> Locator:
    """Open the first group of metrics of this topic; the group."""
    group = page.locator("details.group").filter(has=page.locator("summary", has_text=topic)).first
    group.locator("summary").click()
    return group


def tick_place(page: Page) -> None:
    unfold(page, "Walk").get_by_role("checkbox", name="Place turn.walk.place").check()


def error_of(page: Page, name: str) -> Locator:
    return page.locator(f"#error-{name}")


def ticked(page: Page) -> list[str]:
    return page.locator("input[name=metric_keys]:checked").evaluate_all("boxes => boxes.map(box => box.value)")


def test_the_form_has_a_field_for_each_kind_of_parameter(page: Page, lab: Lab) -> None:
    open_form(page, lab, "All kinds")
    expect(page.get_by_label("Agents", exact=True)).to_have_value("10")
    expect(page.get_by_label("Agents", exact=True)).to_have_accessible_description(re.compile("Walkers. 1 to 1,000"))
    expect(page.get_by_label("Tempo")).to_have_value("0.5")
    expect(page.get_by_role("combobox", name="Mood")).to_have_value("calm")
    expect(page.get_by_role("checkbox", name="Polite")).to_be_checked()
    expect(page.get_by_label("Seed")).to_have_attribute("placeholder", "drawn and shown")


def test_a_field_is_checked_when_it_is_left_and_nothing_typed_is_lost(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Checked")
    page.get_by_label("Note").fill("half a note")
    page.get_by_label("Agents", exact=True).fill("5000")
    page.get_by_label("Tempo").focus()
    page.keyboard.type("7")
    expect(error_of(page, "agents")).to_contain_text("1000")
    expect(page.get_by_label("Tempo")).to_be_focused()
    expect(page.get_by_label("Agents", exact=True)).to_have_value("5000")
    expect(page.get_by_label("Note")).to_have_value("half a note")
    page.get_by_label("Agents", exact=True).fill("50")
    page.get_by_label("Note").focus()
    expect(error_of(page, "agents")).to_be_empty()


def test_a_form_sent_with_errors_comes_back_with_all_that_was_typed(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven.append("422")
    slug = open_form(page, lab, "Sent back")
    page.get_by_label("Agents", exact=True).fill("many")
    page.get_by_label("Note").fill('keep <me> & "mine"')
    page.get_by_label("Mood").select_option("very-loud")
    page.get_by_role("checkbox", name="Polite").uncheck()
    page.get_by_label("Seed").fill("-1")
    tick_place(page)
    before = ticked(page)
    press_run(page)
    expect(error_of(page, "agents")).not_to_be_empty()
    expect(error_of(page, "seed")).not_to_be_empty()
    expect(page.get_by_label("Agents", exact=True)).to_have_value("many")
    expect(page.get_by_label("Agents", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Note")).to_have_value('keep <me> & "mine"')
    expect(page.get_by_label("Mood")).to_have_value("very-loud")
    expect(page.get_by_role("checkbox", name="Polite")).not_to_be_checked()
    assert ticked(page) == before
    assert lab.client.get(f"/simulations/{slug}/runs").json()["items"] == []


def test_what_was_used_last_is_offered_again(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Again")
    page.get_by_label("Agents", exact=True).fill("77")
    press_run(page)
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    page.goto("/simulations/again/new/")
    expect(page.get_by_label("Agents", exact=True)).to_have_value("77")
    page.get_by_role("link", name="as saved").click()
    expect(page.get_by_label("Agents", exact=True)).to_have_value("10")


def test_metrics_are_found_by_title_key_and_description(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Searching")
    box = page.get_by_role("searchbox", name="Search metrics")
    shown = page.locator("label.metric").filter(visible=True)
    for words, count in (("farthest", 1), ("turn.walk", 3), ("where it is", 1), ("", 8)):
        box.fill(words)
        expect(shown).to_have_count(count)
    box.fill("nothing like it")
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Clear the search").click()
    expect(shown).to_have_count(8)


def test_all_none_and_defaults_tick_and_the_counts_follow(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Ticking boxes")
    chosen = page.locator("[data-count]")
    defaults = ticked(page)
    expect(chosen).to_have_text("4 of 8")
    page.get_by_role("button", name="All", exact=True).click()
    expect(chosen).to_have_text("8 of 8")
    page.get_by_role("button", name="None", exact=True).click()
    expect(chosen).to_have_text("defaults")
    assert ticked(page) == []
    group = unfold(page, "Walk")
    group.get_by_role("button", name="all of these").click()
    expect(group.locator("[data-group-count]")).to_have_text("2 of 2")
    group.get_by_role("button", name="none").click()
    expect(group.locator("[data-group-count]")).to_have_text("0 of 2")
    page.get_by_role("button", name="Defaults").click()
    assert ticked(page) == defaults


def test_a_selection_is_saved_applied_and_deleted(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Selections")
    page.get_by_role("button", name="None", exact=True).click()
    tick_place(page)
    page.get_by_text("Save as…").click()
    page.get_by_label("Name of this selection").fill("Only place")
    page.keyboard.press("Enter")
    apply = page.get_by_role("button", name="Only place", exact=True)
    expect(apply).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    apply.click()
    assert ticked(page) == ["turn.walk.place"]
    page.reload()
    page.get_by_role("button", name="Only place", exact=True).click()
    assert ticked(page) == ["turn.walk.place"]
    page.get_by_role("button", name="Delete the selection Only place").click()
    expect(apply).to_have_count(0)


def test_a_run_keeps_the_saved_selection_that_was_pressed_and_none_when_more_is_ticked(page: Page, lab: Lab) -> None:
    selection = {"name": "Just the place", "scenario": "toy", "metric_keys": ["turn.walk.place"]}
    number = lab.client.post("/metric-selections", json=selection).raise_for_status().json()["id"]
    slug = open_form(page, lab, "Kept selection")
    chip = page.get_by_role("button", name="Just the place", exact=True)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    press_run(page)
    page.wait_for_url("**/runs/*/")
    run = lab.client.get(f"/simulations/{slug}/runs").json()["items"][0]
    assert (run["metric_selection"], run["metric_keys"]) == (number, ["turn.walk.place"])
    page.goto(f"/simulations/{slug}/new/")
    expect(chip).to_have_attribute("aria-pressed", "true")
    page.locator("input[value='turn.actions.total']").check()
    expect(chip).to_have_attribute("aria-pressed", "false")
    press_run(page)
    page.wait_for_url("**/runs/*/")
    assert lab.client.get(f"/simulations/{slug}/runs").json()["items"][0]["metric_selection"] is None
    lab.client.delete(f"/metric-selections/{number}")


def test_a_selection_without_a_name_is_refused_in_words(page: Page, lab: Lab, forgiven: list[str]) -> None:
    forgiven += ["422", "htmx:"]
    open_form(page, lab, "Nameless")
    page.get_by_text("Save as…").click()
    page.locator(".saveas").get_by_role("button", name="Save").click()
    expect(page.locator(".saveas").get_by_role("alert")).not_to_be_empty()


def test_only_what_was_ticked_is_measured(page: Page, lab: Lab) -> None:
    open_form(page, lab, "Measured")
    page.get_by_role("button", name="None", exact=True).click()
    tick_place(page)
    press_run(page)
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    run = int(page.url.rstrip("/").rsplit("/", 1)[-1])
    assert lab.get(run)["metric_keys"] == ["turn.walk.place"]


def test_a_new_simulation_is_made_from_a_scenario(page: Page, lab: Lab) -> None:
    page.goto("/")
    page.get_by_role("link", name="New simulation").click()
    page.get_by_role("link", name=re.compile("^Toy")).click()
    page.get_by_label("Name", exact=True).fill("Made by hand")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.wait_for_url("**/simulations/made-by-hand/new/")
    lab.made.append("made-by-hand")
    expect(page.get_by_role("heading", name="New run")).to_be_visible()
