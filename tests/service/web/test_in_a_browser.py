from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from service.web import render
from tests.service.web import cast
from tests.service.web.conftest import Site

pytestmark = pytest.mark.browser

HOSTILE = "</script><img src=/missing onerror=alert(1)><!--<script>{{ 7*7 }}"

# WCAG 2.1, 1.4.3: the ratio of the relative luminances of each text and what lies under it.
CONTRASTS = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n.slice(0, 3), n[3] ?? 1]; };
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const under = (node) => { for (; node; node = node.parentElement) {
    const [rgb, alpha] = parse(getComputedStyle(node).backgroundColor); if (alpha === 1) return rgb; } };
  return [...document.querySelectorAll('body *:not(svg *):not(script)')]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
    .map((node) => { const [a, b] = [light(parse(getComputedStyle(node).color)[0]), light(under(node))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent.trim().slice(0, 40)]; });
}"""
# Blue pixels of each canvas: the line of the rate. Its dots alone are about a hundred.
COLOURED = """() => [...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200 && data[i + 2] - data[i] > 60) found++;
  return found;
})"""


def test_every_role_has_a_chart_and_the_line_is_drawn_where_there_is_a_rate(site: Site, page: Page) -> None:
    page.goto(site.url)
    expect(page.locator(".chart canvas")).to_have_count(len(site.dashboard.roles))
    page.wait_for_function(f"({COLOURED})().some((found) => found > 300)")
    drawn = dict(zip([role.key for role in site.dashboard.roles], page.evaluate(COLOURED), strict=True))
    assert drawn.pop("actuaries") == 0
    assert min(drawn.values()) > 300


def test_a_stretch_without_its_source_is_named_in_the_chart(site: Site, page: Page) -> None:
    site.dashboard = replace(site.dashboard, roles=cast.roles()[3:4])
    assert drawn_texts(site, page).count("unknown: source silent") == 2


def test_a_chart_of_a_single_week_names_that_week(site: Site, page: Page) -> None:
    first = render.Series([cast.AS_OF], [0.2], [0.2], [0.25], [0.3], ["known"])
    site.dashboard = replace(site.dashboard, roles=[cast.role("new", "New", 40, first)])
    assert drawn_texts(site, page) == ["14 Jun", "0\u00a0%", "50\u00a0%", "100\u00a0%"]


def drawn_texts(site: Site, page: Page) -> list[str]:
    """What the one chart of the page writes, in the last of its paintings."""
    page.add_init_script("""
      const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
      Object.assign(CanvasRenderingContext2D.prototype, {
        clearRect(...area) { window.drawn = []; clearRect.apply(this, area); },
        fillText(text, ...place) { window.drawn.push(text); fillText.call(this, text, ...place); },
      });""")
    page.goto(site.url)
    expect(page.locator(".chart canvas")).to_have_count(1)
    page.wait_for_function("window.drawn?.length > 0")
    return [text for text in page.evaluate("window.drawn") if text]


def test_a_chart_says_the_latest_values_and_those_under_the_pointer(site: Site, page: Page) -> None:
    page.goto(site.url)
    reading = page.locator("#readout-0")
    expect(reading).to_have_text("14 Jun 2026 · 74 % (73 % to 77 %) · plan 62 %".replace(" %", "\u00a0%"))
    box = page.locator("#chart-0 .u-over")
    box.hover(position={"x": 3, "y": 40})
    expect(reading).to_contain_text("1 Mar 2026 · ")


def test_the_keyboard_reads_a_chart_day_by_day(site: Site, page: Page) -> None:
    page.goto(site.url)
    chart, reading = page.locator("#chart-3"), page.locator("#readout-3")
    chart.focus()
    expect(reading).to_have_attribute("aria-live", "polite")
    chart.press("Home")
    expect(reading).to_contain_text("1 Mar 2026")
    for _ in range(6):
        chart.press("ArrowRight")
    expect(reading).to_contain_text("12 Apr 2026 · unknown: source silent")
    chart.press("End")
    expect(reading).to_contain_text("14 Jun 2026")


def test_names_that_try_to_break_out_are_only_text(site: Site, page: Page) -> None:
    whole = cast.dashboard()
    site.dashboard = replace(
        whole,
        change=replace(whole.change, name=HOSTILE, key=HOSTILE, definition=HOSTILE),
        changes=[(HOSTILE, HOSTILE), ("b", HOSTILE)],
        grain_note=HOSTILE,
        roles=[replace(role, name=HOSTILE, key=HOSTILE) for role in whole.roles],
        reminders=[replace(one, role=HOSTILE, reason=HOSTILE, facts=HOSTILE) for one in whole.reminders],
        mailbox=[replace(mail, to=HOSTILE, subject=HOSTILE, text=HOSTILE) for mail in whole.mailbox],
    )
    page.goto(site.url)
    expect(page.locator("h1")).to_have_text(HOSTILE)
    expect(page.locator("h3").first).to_have_text(HOSTILE)
    expect(page.locator(".chart canvas")).to_have_count(6)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [320, 390, 800, 1000, 1400])
def test_nothing_sticks_out_sideways(site: Site, page: Page, width: int) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsangelegenheitsverwaltung"
    site.dashboard = replace(site.dashboard, roles=[*cast.roles(), replace(cast.roles()[1], name=long)])
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(site.url)
    expect(page.locator(".chart canvas")).to_have_count(7)
    for closed in page.locator("summary").all():
        closed.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # Nor does a card clip or spill what is in it.
    assert page.evaluate("[...document.querySelectorAll('.card')].every((c) => c.scrollWidth <= c.clientWidth)")


def test_charts_follow_the_width_of_the_window(site: Site, page: Page) -> None:
    page.goto(site.url)
    expect(page.locator(".chart canvas")).to_have_count(6)
    page.set_viewport_size({"width": 390, "height": 844})
    fits = "(box) => box.querySelector('.uplot').offsetWidth === box.clientWidth"
    page.wait_for_function(f"[...document.querySelectorAll('.chart')].every({fits})")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/page/sign_in", "/page/signed_out", "/page/unsubscribe", "/page/error"])
def test_every_text_stands_out_from_its_ground(
    site: Site, page: Page, scheme: Literal["light", "dark"], path: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(site.url + path)
    faint = [(ratio, text) for ratio, text in page.evaluate(CONTRASTS) if ratio < 4.5]
    assert faint == []


def test_the_narrow_tables_are_still_tables_to_a_screen_reader(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url)
    heat = page.get_by_role("table", name="Mean score and people blocked")
    expect(heat.get_by_role("columnheader")).to_have_count(7)
    expect(heat.get_by_role("rowheader")).to_have_count(6)


def test_a_message_of_the_mailbox_opens_by_keyboard_and_its_link_can_be_followed(site: Site, page: Page) -> None:
    page.goto(site.url)
    text = page.locator(".mailbox .text").first
    expect(text).to_be_hidden()
    page.locator(".mailbox summary").first.press("Enter")
    expect(text).to_be_visible()
    expect(text.get_by_role("link")).to_have_attribute("href", "http://127.0.0.1:8080/r/4fd1?answer=did_it")


@pytest.mark.parametrize(("name", "button"), [("sign_in", "Sign in"), ("unsubscribe", "Stop reminders")])
def test_opening_a_link_changes_nothing_and_its_button_posts_to_the_same_address(
    site: Site, page: Page, name: str, button: str
) -> None:
    page.goto(f"{site.url}/page/{name}?token=abc")
    assert site.posted == []
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="No more reminders")).to_be_visible()
    assert site.posted == [(f"/page/{name}?token=abc", {"csrf_token": "t0ken"})]


def test_signing_out_posts_the_token_against_forgery(site: Site, page: Page) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="No more reminders")).to_be_visible()
    assert site.posted == [("/sign-out", {"csrf_token": "t0ken"})]
