"""Draw README's pictures of the page, from the page that `make build` publishes for the sample company.

    .venv/bin/python scripts/page_pictures.py

Debian's chromium takes them. Nothing is loaded from the network.
"""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import Page, sync_playwright

from customer_outcomes.project import PROJECT_ROOT

PAGE = PROJECT_ROOT / "published" / "index.html"
IMAGES = PROJECT_ROOT / "docs" / "images"
FIGURES = ("campaigns", "quadrants", "quota")  # a picture of each, for the three facts of the sample's story


def main() -> None:
    """Take the picture of the first screen and of each of FIGURES."""
    browser_path = shutil.which("chromium")
    if browser_path is None or not PAGE.exists():
        sys.exit("Run make build first, and install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}, device_scale_factor=1).new_page()
        page.goto(PAGE.as_uri())
        page.screenshot(path=IMAGES / "page.png")
        for name in FIGURES:
            _take(page, name)
        browser.close()


def _take(page: Page, name: str) -> None:
    figure = page.locator(f"#figure-{name}")
    figure.scroll_into_view_if_needed()
    page.wait_for_selector(f"#figure-{name} .vega-embed svg")
    figure.screenshot(path=IMAGES / f"page_{name}.png")


if __name__ == "__main__":
    main()
