"""User journeys in chromium, with all services."""

import re
import uuid
from collections.abc import Iterator

import pytest
from browser_chromium import PASSWORD, Watch, chromium, serious
from granter_deployment import Granter
from playwright.sync_api import Browser, Page, expect

__all__ = ["chromium"]
pytestmark = [pytest.mark.requirement("Q6", "Q7", "Q8"), pytest.mark.slow, pytest.mark.xdist_group("browser")]
SIZES = {"desk": (1200, 900), "phone": (360, 740)}


@pytest.fixture
def page(chromium: Browser, granter: Granter) -> Iterator[Page]:
    """A page in a new browser context. At the end the test fails if the page logged errors or left the site."""
    context = chromium.new_context(base_url=granter.web.url, viewport={"width": 1200, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch = Watch(granter.web.url)
    watch.follow(page)
    yield page
    context.close()
    assert watch.wrong == []
    assert watch.requests


def address() -> str:
    return f"reader-{uuid.uuid4().hex[:12]}@example.org"


def register_and_log_in(page: Page, email: str) -> None:
    page.goto("/register")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("status").first).to_contain_text("Your account is ready")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_a_user_finds_a_grant_keeps_the_search_and_leaves(page: Page) -> None:
    email = address()
    register_and_log_in(page, email)

    page.get_by_role("searchbox").press_sequentially("glacier")
    expect(page.locator("#found")).to_contain_text("glacier")
    expect(page).to_have_url(re.compile(r"/\?q=glacier$"))
    page.get_by_label("Open calls only").check()
    expect(page.get_by_role("link", name="Without Open calls only")).to_be_visible()
    expect(page).to_have_url(re.compile("open=1"))

    page.get_by_role("heading", level=3).first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Text of the notice")).to_be_visible()
    page.get_by_role("link", name="Back to the results").click()

    page.get_by_role("link", name="Save this search").click()
    page.get_by_label("Name").fill("Ice")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("saved")
    page.get_by_role("link", name="Ice", exact=True).click()
    expect(page.get_by_role("searchbox")).to_have_value("glacier")
    expect(page.get_by_label("Open calls only")).to_be_checked()

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(email)).to_be_visible()

    page.get_by_role("link", name="Delete the account").click()
    expect(page.get_by_text("1 saved search will be deleted")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I am sure").check()
    page.get_by_role("button", name="Delete the account").click()
    expect(page.get_by_role("status").first).to_contain_text("deleted")
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("The address or the password is wrong")


def test_everything_works_by_keyboard(page: Page) -> None:
    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if name in (page.evaluate("document.activeElement.innerText || document.activeElement.name") or ""):
                return
        raise AssertionError(f"the tab key does not lead to {name}")

    page.goto("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("glacier")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("glacier")
    tab_to("Glacier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Facts read from the notice")).to_be_visible()
    tab_to("DEADLINE")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    lit = page.locator('mark[data-of~="deadline"]').first
    expect(lit).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#read-deadline$"))
    page.goto("/login")
    tab_to("email")
    page.keyboard.type("nobody@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password at all")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The address or the password is wrong")


def test_pointing_at_a_field_marks_its_words_in_the_source(page: Page) -> None:
    page.goto("/?q=glacier")
    page.get_by_role("heading", level=3).first.get_by_role("link").click()
    lit = page.locator('mark[data-of~="amount"]').first
    expect(lit).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.locator('.reading[data-field="amount"]').hover()
    expect(lit).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_typing_suggests_titles_and_funders(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").press_sequentially("glac")
    expect(page.locator("#hints")).to_contain_text("Glacier")
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#hints")).to_contain_text("For example")


def test_the_back_button_returns_to_the_previous_search(page: Page) -> None:
    page.goto("/?q=research")
    page.get_by_label("Open calls only").check()
    expect(page).to_have_url(re.compile(r"\?q=research&open=1$"))
    page.get_by_role("searchbox").press("End")
    page.get_by_role("searchbox").press_sequentially(" health", delay=250)
    expect(page).to_have_url(re.compile(r"\?q=research\+health&open=1$"))
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("research")
    expect(page.get_by_label("Open calls only")).to_be_checked()
    page.go_back()
    expect(page.get_by_label("Open calls only")).not_to_be_checked()
    expect(page).to_have_url(re.compile(r"\?q=research$"))


def test_amount_filters_use_a_currency(page: Page) -> None:
    page.goto("/")
    currency = page.get_by_label("in", exact=True)
    expect(currency.locator("option").first).to_have_text("Any currency")
    page.get_by_label("from").first.fill("50k")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"\?min_amount=50000&currency=USD$"))
    expect(currency).to_have_value("USD")
    expect(page.get_by_role("link", name="From 50,000 USD")).to_be_visible()
    currency.select_option("GBP")
    expect(page.get_by_role("link", name="From 50,000 GBP")).to_be_visible()
    expect(page.locator(".result .amount").first).to_contain_text("£")
    currency.select_option("Any currency")
    expect(page.get_by_role("link", name="From 50,000 in any currency")).to_be_visible()
    page.get_by_label("from").first.fill("")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"/$"))


def test_a_password_can_be_shown(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")


def test_an_empty_result_is_not_shown_while_typing(page: Page) -> None:
    page.goto("/")
    page.evaluate("""() => { window.headings = new Set(); new MutationObserver(() =>
        window.headings.add(document.getElementById('found').textContent)).observe(
        document.getElementById('results'), {childList: true}) }""")
    page.get_by_role("searchbox").press_sequentially("glacier", delay=230)
    expect(page.locator("#found")).to_contain_text("glacier")
    assert [words for words in page.evaluate("[...window.headings]") if "No grant" in words] == []


def test_offline_is_shown_and_the_page_refreshes_when_online(page: Page, granter: Granter) -> None:
    page.goto("/")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_passes_the_accessibility_check(chromium: Browser, granter: Granter, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(
        base_url=granter.web.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    register_and_log_in(page, address())
    page.goto("/saved/new?q=glacier")
    page.get_by_role("button", name="Save").click()
    page.goto("/?q=glacier")
    grant = page.get_by_role("heading", level=3).first.get_by_role("link").get_attribute("href") or ""
    page.goto("/saved")
    rename = page.get_by_role("link", name="Rename").get_attribute("href") or ""
    wrong: list[str] = []

    def look_at(*paths: str) -> None:
        for path in paths:
            page.goto(path)
            wrong.extend(f"{path} {finding}" for finding in serious(page))
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{path} is wider than {width}")

    look_at("/", "/?q=water&open=1", "/?q=zeppelin", "/?sort=amount&min_amount=lots", grant, "/nothing")
    look_at("/saved", rename, "/saved/new?q=ice", "/account", "/account/password", "/account/delete")
    context.clear_cookies()
    look_at("/login", "/register")
    context.close()
    assert wrong == []


def test_the_site_works_without_scripts(chromium: Browser, granter: Granter) -> None:
    context = chromium.new_context(base_url=granter.web.url, java_script_enabled=False)
    page = context.new_page()
    register_and_log_in(page, address())
    page.get_by_role("searchbox").fill("glacier")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/\?q=glacier"))
    page.locator("summary").evaluate("it => it.parentElement.open = true")
    page.get_by_label("Open calls only").check()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("open=1"))
    page.get_by_role("heading", level=3).first.get_by_role("link").click()
    page.locator('.reading[data-field="amount"]').hover()
    expect(page.locator('mark[data-of~="amount"]').first).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    context.close()


def test_a_page_loads_within_two_seconds_and_half_a_megabyte(chromium: Browser, granter: Granter) -> None:
    context = chromium.new_context(base_url=granter.web.url)
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto("/?q=research", wait_until="load")
    took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    context.close()
    assert took < 2_000
    assert 10_000 < sum(sizes) < 500_000
