"""Signing in."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.conftest import NewContext
from tests.web.server import Server


def fresh_link(server: Server) -> str:
    """A sign-in link that nobody has used."""
    printed = server.manage("sign_in_link")
    return f"{server.base}/sign-in/{printed.rstrip('/').rsplit('/', 1)[-1]}/"


def test_a_newcomer_follows_the_printed_link_and_is_in(new_context: NewContext, server: Server) -> None:
    page = new_context(storage_state=None).new_page()
    page.goto(fresh_link(server))
    expect(page.get_by_role("heading", name="Simulations")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_used_link_says_how_to_make_another(new_context: NewContext, server: Server, forgiven: list[str]) -> None:
    forgiven.append("410")
    link = fresh_link(server)
    first = new_context(storage_state=None).new_page()
    first.goto(link)
    expect(first.get_by_role("heading", name="Simulations")).to_be_visible()

    second = new_context(storage_state=None).new_page()
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("used before")
    expect(second.locator("main")).to_contain_text("python manage.py sign_in_link")


def test_a_link_works_without_scripts(new_context: NewContext, server: Server) -> None:
    page = new_context(storage_state=None, java_script_enabled=False).new_page()
    page.goto(fresh_link(server))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Simulations")).to_be_visible()


def test_a_wrong_password_is_told_and_the_name_is_kept(new_context: NewContext) -> None:
    page = new_context(storage_state=None).new_page()
    page.goto("/runs/")
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Name")).to_have_value("nobody")


def test_signing_out_leads_back_to_the_sign_in_page(new_context: NewContext, server: Server) -> None:
    page = new_context(storage_state=None).new_page()
    page.goto(fresh_link(server))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
