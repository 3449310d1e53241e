"""The world of a run, drawn turn by turn."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.waiting import wait_until
from tests.web.server import Lab
from tests.web.test_run_page import open_run

COLOURS = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    return seen.size;
}"""


def shown(world: Locator) -> str:
    return world.locator("[data-turn]").inner_text()


def test_the_world_is_drawn_and_can_be_scrubbed_by_key(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Drawn town", "schelling", 12, params={"wanted": 0.7, "side": 12})
    [run] = lab.finished(slug, 1)
    open_run(page, run)
    world = page.locator("sim-world")
    expect(world).to_have_attribute("aria-busy", "false")
    expect(world.locator("[data-turn]")).to_have_text("turn 12")
    expect(world.locator(".legend")).to_have_text("emptymajorityminority")
    wait_until(lambda: world.locator("canvas").evaluate(COLOURS) >= 3)
    scrubber = world.get_by_label("Turn shown")
    scrubber.focus()
    page.keyboard.press("ArrowLeft")
    expect(world.locator("[data-turn]")).to_have_text("turn 11")
    page.keyboard.press("Home")
    expect(world.locator("[data-turn]")).to_have_text("turn 1")


def test_playing_goes_from_the_first_frame_to_the_last_and_stops(page: Page, lab: Lab) -> None:
    slug = lab.simulation("Played town", "schelling", 6, params={"wanted": 0.7, "side": 12})
    [run] = lab.finished(slug, 1)
    open_run(page, run)
    world = page.locator("sim-world")
    world.get_by_label("Speed").select_option("30")
    world.get_by_role("button", name="Play").click()
    expect(world.locator("[data-turn]")).to_have_text("turn 6")
    expect(world.get_by_role("button", name="Play")).to_be_visible()


def test_new_frames_are_followed_until_a_person_looks_back(page: Page, lab: Lab, tmp_path: Path) -> None:
    slug = lab.simulation("Followed", "waiting", 4)
    arrive, until = tmp_path / "arrive", tmp_path / "until"
    run = lab.run(slug, params={"arrive": str(arrive), "until": str(until), "turn": 3})
    open_run(page, run)
    world = page.locator("sim-world")
    expect(world.locator("[data-turn]")).to_have_text("turn 2")
    until.touch()
    expect(world.locator("[data-turn]")).to_have_text("turn 4")


def test_a_world_without_a_view_shows_none(page: Page, lab: Lab) -> None:
    [run] = lab.finished(lab.simulation("No view", "toy"), 1)
    open_run(page, run)
    expect(page.locator("sim-world")).to_have_count(0)
    expect(page.get_by_role("heading", name=re.compile("^Run "))).to_be_visible()
