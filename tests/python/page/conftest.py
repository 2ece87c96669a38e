"""The page of the sample company, with and without its employees, and a real browser that opens it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from customer_outcomes.page import page_of
from helpers.builds import Built

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READ_ALL = """
    () => {
        for (const details of document.querySelectorAll("details")) details.open = true;
        const text = (node) => node.innerText.trim();
        const tables = (place) =>
            Object.fromEntries(
                [...place.querySelectorAll("table")].map((table) => [
                    text(table.caption),
                    [...table.rows].map((row) => [...row.cells].map(text)),
                ]),
            );
        const figures = [...document.querySelectorAll("figure.wide")];
        return {
            header: text(document.querySelector("header p")),
            findings: [...document.querySelectorAll(".findings li")].map(text),
            tiles: [...document.querySelectorAll(".tile")].map((tile) => [...tile.children].map(text)),
            cards: Object.fromEntries(
                [...document.querySelectorAll(".card")].map((card) => [
                    card.dataset.metric,
                    { latest: text(card.querySelector(".latest")), rows: Object.values(tables(card))[0].slice(1) },
                ]),
            ),
            figures: Object.fromEntries(
                figures.map((figure) => [
                    figure.id.replace("figure-", ""),
                    { says: text(figure.querySelector(".says")), tables: tables(figure) },
                ]),
            ),
        };
    }
"""


def write_page(database: Path, path: Path, show_employees: bool) -> Path:
    """Write the page of a published database, as publishing does."""
    with duckdb.connect(database, read_only=True) as connection:
        path.write_text(page_of(connection, "position", show_employees), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def page_with_employees(sample_build: Built, once) -> Path:
    """The page of the sample company that names its employees."""
    return once("page", lambda folder: write_page(sample_build.database, folder / "index.html", True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; playwright brings none that could be downloaded here."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def opened(browser: Browser) -> Callable[..., tuple[Page, list[str]]]:
    """Open a file from disk; return the page, and a list of all requests for other files and all words in the console."""

    def open_page(path: Path, width: int = 1280, **how: str) -> tuple[Page, list[str]]:
        page = browser.new_context(viewport={"width": width, "height": 900}, **how).new_page()
        noticed: list[str] = []
        page.on("console", lambda message: noticed.append(message.text))
        page.on("pageerror", lambda error: noticed.append(str(error)))
        page.on("request", lambda request: noticed.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page, noticed

    return open_page


@pytest.fixture(scope="session")
def visible(opened, page_with_employees) -> dict:
    """Everything that a reader of the sample company's page sees, as texts: see READ_ALL."""
    page, _ = opened(page_with_employees)
    found = page.evaluate(READ_ALL)
    page.context.close()
    return found
