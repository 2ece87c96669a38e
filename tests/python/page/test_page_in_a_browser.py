"""The page in a real browser: it opens from disk, asks for nothing, fits, and speaks to everybody."""

import random
import re
from pathlib import Path

import duckdb
import pytest
import vl_convert
from axe_playwright_python.sync_playwright import Axe

from customer_outcomes.page import page_of, specs
from customer_outcomes.page.drawing import VEGA_LITE, drawn
from helpers.builds import SEED, query

OPEN_DETAILS = "document.querySelectorAll('details').forEach((details) => (details.open = true))"
OPEN_SOME = """
    [...document.querySelectorAll(".wide details, footer details"), document.querySelector(".card details")]
        .forEach((details) => (details.open = true))
"""
ROW = {
    "month": "2026-01-01", "who": "a", "colour": "red", "value": 1, "low": 0.5, "high": 1.5, "is_complete": True,
}  # fmt: skip
TYPES = ("company", "team", "campaign", "channel", "segment", "employee")
SVG_CHARTS = "document.querySelectorAll('.chart svg').length"


def scrolled_through(page) -> None:
    """Scroll through the whole page, so that every chart is drawn by the script."""
    height = page.evaluate("document.body.scrollHeight")
    for top in range(0, height, 700):
        page.evaluate(f"window.scrollTo(0, {top})")
        page.wait_for_timeout(60)
    page.evaluate("window.scrollTo(0, 0)")


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1280, "dark")])
def test_it_opens_from_disk_without_a_word_or_a_request_and_fits(opened, page_with_employees, width, scheme):
    page, noticed = opened(page_with_employees, width, color_scheme=scheme)
    scrolled_through(page)
    page.select_option("#subject", "company:all")
    page.wait_for_selector(".card .vega-embed svg")
    assert noticed == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    texts = "[...document.querySelectorAll('p, h1, h2, h3, h4, td, th, a')]"
    assert min(page.evaluate(f"{texts}.map((node) => parseFloat(getComputedStyle(node).fontSize))")) >= 12
    labels = "[...document.querySelectorAll('.chart svg text')].filter((node) => node.textContent)"
    heights = page.evaluate(f"{labels}.map((node) => node.getBoundingClientRect().height)")
    assert min(height for height in heights if height) >= 11
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened, page_with_employees, scheme):
    page, _ = opened(page_with_employees, color_scheme=scheme)
    page.evaluate(OPEN_SOME)  # all cards have the same tables, and there are many
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    told = [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    assert told == []
    page.context.close()


def test_a_printer_and_a_reader_without_scripts_see_every_chart(browser, page_with_employees, tmp_path):
    source = page_with_employees.read_text(encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(page_with_employees.as_uri())
    page.emulate_media(media="print")
    drawn = page.locator(".chart svg")
    assert drawn.count() == source.count('aria-hidden="true"><svg') > 35
    for place in range(drawn.count()):
        assert drawn.nth(place).bounding_box()["height"] > 50
    assert not page.locator("#choice").is_visible() and not page.locator("nav").is_visible()
    assert len(page.pdf(path=tmp_path / "page.pdf")) > 50_000
    page.context.close()


def test_a_keyboard_is_enough(opened, page_with_employees):
    page, _ = opened(page_with_employees)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#subject")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.getElementById('cards-of').textContent") == "Company"
    page.focus(".card summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('.card details').open")
    page.context.close()


def test_every_link_leads_to_a_place_on_the_page(opened, page_with_employees):
    page, _ = opened(page_with_employees)
    links = page.evaluate("[...document.querySelectorAll('a')].map((link) => link.getAttribute('href'))")
    assert len(links) > 60
    lost = [
        link for link in links if not page.evaluate("(id) => document.getElementById(id) !== null", link.lstrip("#"))
    ]
    assert lost == [] and all(link.startswith("#") for link in links)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    page.context.close()


def test_a_foreign_script_does_not_run(browser, page_with_employees, tmp_path):
    """The page's policy lets only its own two scripts run, and nothing load."""
    spoiled = tmp_path / "index.html"
    source = page_with_employees.read_text(encoding="utf-8")
    spoiled.write_text(source.replace("</main>", "</main><script>window.foreign = 1</script>"), encoding="utf-8")
    page = browser.new_page()
    page.goto(spoiled.as_uri())
    assert page.evaluate("[typeof vegaEmbed, typeof foreign]") == ["function", "undefined"]
    page.close()


def test_charts_answer_to_the_mouse(opened, page_with_employees):
    page, _ = opened(page_with_employees)
    chart = page.locator("#figure-campaigns .chart")
    chart.scroll_into_view_if_needed()
    page.wait_for_selector("#figure-campaigns .vega-embed svg")
    chart.locator("svg .mark-symbol path").first.hover(force=True)
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert "campaign" in page.inner_text("#vg-tooltip-element")
    page.context.close()


def chosen_subjects(database: Path) -> list[str]:
    """One subject of each type, and three at random."""
    found = [
        row[0]
        for row in query(database, "select distinct subject_type || ':' || subject_id from metrics.metric_values")
    ]
    drawn = random.Random(SEED).sample(sorted(found), 3)
    first = [min(subject for subject in found if subject.startswith(f"{kind}:")) for kind in TYPES]
    return [*first, *drawn]


@pytest.fixture(scope="session")
def shown_by_subject(opened, page_with_employees, sample_build) -> dict[str, dict]:
    """The tiles and the tables of the scoreboard by subject; '' is the page as it opens."""
    page, _ = opened(page_with_employees)
    page.evaluate(OPEN_DETAILS)
    read = """
        () => ({
            tiles: [...document.querySelectorAll(".tile")].map((tile) => [...tile.children].map((node) => node.innerText.trim())),
            cards: Object.fromEntries([...document.querySelectorAll(".card")].map((card) => [
                card.dataset.metric,
                {
                    latest: [...card.querySelectorAll(".latest span")].map((node) => node.innerText.trim()),
                    rows: [...card.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
                },
            ])),
        })
    """
    found = {"": page.evaluate(read)}
    for subject in chosen_subjects(sample_build.database):
        page.select_option("#subject", subject)
        found[subject] = page.evaluate(read)
    page.select_option("#subject", "")
    assert page.evaluate(read) == found[""]  # the script shows what the page showed before it ran
    page.context.close()
    return found


def test_the_page_is_the_same_each_time(sample_build, page_with_employees):
    with duckdb.connect(sample_build.database, read_only=True) as connection:
        assert page_of(connection, "position", True) == page_with_employees.read_text(encoding="utf-8")


def test_a_drawing_has_the_labels_of_the_library():
    """It is shorter than the library's, but no label of an axis loses a digit."""
    rows = [{"label": "a", "x": 1.0, "y": 0.125, "kind": "rolled out", "said": ""}, {"label": "b", "x": 2.0, "y": 0.2}]
    spec = specs.saturation(rows, [{"from": 0, "to": 2, "mean": 0.155}], 1.25, "lift")
    labels = [
        re.findall(r"<text[^>]*>([^<]*)", svg)
        for svg in (vl_convert.vegalite_to_svg(spec, VEGA_LITE), drawn(spec, "a"))
    ]
    assert labels[0] == labels[1] and any(re.fullmatch(r"0\.\d\d", label) for label in labels[0])
    assert 'opacity="0.16"' in drawn(
        specs.months("EUR", True) | {"datasets": {"rows": [ROW, ROW | {"month": "2026-02-01"}]}}, "b"
    )


def test_its_size_is_bounded_and_it_names_no_other_place(page_with_employees):
    source = page_with_employees.read_text(encoding="utf-8")
    assert len(source.encode()) < 3_000_000
    page_itself = re.sub(r"<script>.*?</script>|<pre>.*?</pre>", "", source, flags=re.DOTALL)
    addresses = set(re.findall(r"https?://[^\"'<> )]+", page_itself))
    assert addresses <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "https://vega.github.io/schema/vega-lite/v6.json",
    }
