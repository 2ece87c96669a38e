"""Draws the charts of the page as SVG, and hands out the script that draws them in a browser."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import vl_convert

VEGA_LITE = "6.4"
BUNDLE = "import sys, vl_convert; sys.stdout.write(vl_convert.javascript_bundle(sys.argv[1], vl_version=sys.argv[2]))"
EXPORTS = "window.vegaEmbed = vegaEmbed;"
SIZE = re.compile(r'^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')
GEOMETRY = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*"')
LONG_NUMBER = re.compile(r"(\.\d)\d+")
WITHOUT_EFFECT = re.compile(r' (?:opacity="1"|pointer-events="none"|aria-hidden="true")')
IDENTIFIER = re.compile(r'\b(id="|url\(#)((?:clip|gradient_)\d+)')


def drawn(spec: dict[str, Any], name: str) -> str:
    """Return a chart as an SVG element that scales to the width of its place.

    `name` makes the ids inside the drawing its own: each drawing of the library counts its ids from the last one.
    Places and sizes keep one decimal, a tenth of a pixel; labels stay as they are.
    """
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    found = SIZE.match(svg)
    if found is None:
        raise RuntimeError("the drawing of a chart does not begin with its size")
    numbers: dict[str, str] = {}

    def own(match: re.Match[str]) -> str:
        return match[1] + numbers.setdefault(match[2], f"{name}-{len(numbers) + 1}")

    width, height = found.groups()
    body = IDENTIFIER.sub(own, svg[svg.index("viewBox") :])
    body = GEOMETRY.sub(lambda place: LONG_NUMBER.sub(r"\1", place[0]), WITHOUT_EFFECT.sub("", body))
    return f'<svg aria-hidden="true" focusable="false" width="{width}" height="{height}" {body}'


def browser_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, which sets window.vegaEmbed.

    A process of its own puts it together, because the library would stop all threads of this one meanwhile.
    """
    command = [sys.executable, "-I", "-X", "utf8", "-c", BUNDLE, EXPORTS, VEGA_LITE]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    script = made.stdout if made.returncode == 0 else vl_convert.javascript_bundle(EXPORTS, vl_version=VEGA_LITE)
    return script.replace("</script", "<\\/script")
