"""The charts of the page as Vega-Lite specifications.

Colours are the page's CSS variables, so that dark and print work.
Every specification takes its rows from `datasets.rows` and fits itself into a width, so that the page's script can give
the same chart other rows and another width.
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

SMALL, WIDE = 300, 620  # the width of a drawn chart in pixels
LINE_HEIGHT = 26  # the height of a row in a chart of rows, in pixels
BAD, SILENT = "var(--bad)", "var(--silent)"
UTC = {"type": "utc"}
CONFIG: Spec = {
    "aria": False,  # the tables under the charts speak for them
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--grid)",
        "domainColor": "var(--grid)",
        "tickColor": "var(--grid)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelOverlap": True,
        "labelLimit": 190,
    },
    "legend": {"labelColor": "var(--muted)", "labelFontSize": 12, "title": None, "orient": "top", "labelLimit": 220},
    "text": {"color": "var(--ink)"},
}


def chart(rows: Rows, layers: list[Spec], width: int, height: int, **shared: Any) -> Spec:
    """Return a chart of one or more layers over the same rows."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": CONFIG,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "width": width,
        "height": height,
        "padding": 4,
        "data": {"name": "rows"},
        "datasets": {"rows": rows},
        "layer": layers,
        **shared,
    }


def _lines(rows: Rows) -> int:
    """Return the height of a chart with a line for each label."""
    return LINE_HEIGHT * len({row["label"] for row in rows})


def axis(field: str, title: str | None, **more: Any) -> Spec:
    """Return the encoding of a number along an axis."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def colours(of: dict[str, str]) -> Spec:
    """Return the scale that gives each name its colour, in this order."""
    return {"scale": {"domain": list(of), "range": list(of.values())}}


def tips(**titles: str) -> list[Spec]:
    """Return the lines of the box that appears when the mouse is over a mark, by field."""
    return [{"field": field, "title": title} for field, title in titles.items()]


def months(metric_unit: str, starts_at_zero: bool) -> Spec:
    """Return the chart of a metric by month: a line with its interval for each subject, the running month hollow.

    A row has month, who, colour, value, low, high, is_complete, and the texts said, between, n and coverage.
    """
    x = {"field": "month", "type": "temporal", "scale": UTC, "title": None, "axis": {"format": "%b %y", "tickCount": 4}}
    y = axis("value", metric_unit or None, scale={"zero": starts_at_zero}, axis={"tickCount": 4})
    colour = {"field": "colour", "type": "nominal", "scale": None}
    dashes = {"condition": {"test": "datum.colour === 'var(--sales)'", "value": [5, 4]}, "value": [1, 0]}
    shown = tips(who="of", said="value", between="95 % interval", n="n", coverage="coverage", when="month")
    return chart(
        [],
        [
            {
                "transform": [{"filter": "datum.is_complete"}],
                "mark": {"type": "area", "opacity": 0.16},
                "encoding": {"y": axis("low", metric_unit or None), "y2": {"field": "high"}},
            },
            {
                "transform": [{"filter": "datum.is_complete"}],
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"y": y, "strokeDash": dashes},
            },
            {
                "transform": [{"filter": "datum.is_complete"}],
                "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1},
                "encoding": {"y": y, "tooltip": shown},
            },
            {
                "transform": [{"filter": "!datum.is_complete"}],
                "mark": {"type": "point", "filled": False, "size": 46, "strokeWidth": 2, "opacity": 1},
                "encoding": {"y": y, "tooltip": shown},
            },
        ],
        SMALL,
        130,
        encoding={"x": x, "color": colour, "detail": {"field": "who"}},
    )


def stacked_bars(rows: Rows, of: dict[str, str], x_title: str) -> Spec:
    """Return horizontal bars, one per label, stacked from parts in the order of `of`, which holds their colours.

    A row has label, part, place (of the part in the bar), value and said.
    """
    return chart(
        rows,
        [{"mark": {"type": "bar"}}],
        WIDE,
        _lines(rows),
        encoding={
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
            "x": axis("value", x_title, axis={"tickCount": 5}),
            "order": {"field": "place", "type": "quantitative"},
            "color": {"field": "part", "type": "nominal", **colours(of)},
            "tooltip": tips(label="of", part="part", said="value"),
        },
    )


def pairs(rows: Rows, of: dict[str, str], x_title: str, x_scale: Spec) -> Spec:
    """Return a row per label with two points and a line between them; `of` holds the colours of the two.

    A row has label, measure, value and said.
    """
    y = {"field": "label", "type": "nominal", "sort": None, "title": None}
    x = axis("value", x_title, scale=x_scale, axis={"tickCount": 5, "format": "~s"})
    return chart(
        rows,
        [
            {
                "mark": {"type": "line", "color": "var(--muted)", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "detail": {"field": "label"}},
            },
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": "var(--ink)"},
                "encoding": {"x": {"datum": 0}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"field": "measure", "type": "nominal", **colours(of)},
                    "shape": {"field": "measure", "type": "nominal", "scale": {"domain": list(of)}},
                    "tooltip": tips(label="campaign", measure="measure", said="value"),
                },
            },
        ],
        WIDE,
        _lines(rows),
    )


def shares_by_day(rows: Rows, of: dict[str, str]) -> Spec:
    """Return stacked areas of shares by day; a row has day, part, place and value."""
    return chart(
        rows,
        [{"mark": {"type": "area", "interpolate": "step-after"}}],
        WIDE,
        230,
        encoding={
            "x": axis("day", "days since the clock started", axis={"tickCount": 8}),
            "y": axis("value", "% of customers", stack="zero", scale={"domain": [0, 100], "clamp": True}),
            "order": {"field": "place", "type": "quantitative"},
            "color": {"field": "part", "type": "nominal", **colours(of)},
            "tooltip": tips(day="day", part="part", value="% of customers"),
        },
    )


def caterpillar(rows: Rows, of: dict[str, str], x_title: str, x_domain: list[float]) -> Spec:
    """Return a row per label with a point and its interval.

    A row has label, kind, value, low, high, said and between.
    """
    x = axis("value", x_title, scale={"domain": x_domain, "clamp": True})
    colour = {"field": "kind", "type": "nominal", **colours(of)}
    return chart(
        rows,
        [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {
                    "x": axis("low", x_title, scale={"domain": x_domain, "clamp": True}),
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {
                    "x": x,
                    "shape": {"field": "kind", "type": "nominal", "scale": {"domain": list(of)}},
                    "tooltip": tips(label="of", said="value", between="95 % interval", kind="kind"),
                },
            },
        ],
        WIDE,
        _lines(rows),
        encoding={"y": {"field": "label", "type": "nominal", "sort": None, "title": None}, "color": colour},
    )


def named_points(rows: Rows, x_title: str, y_title: str) -> Spec:
    """Return points with their names, each beside its point, on the side where there is room.

    A row has label, x, y, low, high, colour, said and between.
    """
    middle = max(row["x"] for row in rows) / 2
    rows = [row | {"side": "left" if row["x"] < middle else "right"} for row in rows]
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return chart(
        rows,
        [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5},
                "encoding": {"y": axis("low", y_title, scale={"zero": False}), "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"y": axis("y", y_title), "tooltip": tips(label="of", said="bookings", between="rating")},
            },
            *(
                {
                    "transform": [{"filter": {"field": "side", "equal": side}}],
                    "mark": {"type": "text", "align": side, "dx": shift, "dy": -8, "fontSize": 12},
                    "encoding": {"y": axis("y", y_title), "text": {"field": "label"}, "color": {"value": "var(--ink)"}},
                }
                for side, shift in (("left", 8), ("right", -8))
            ),
        ],
        WIDE,
        260,
        encoding={"x": axis("x", x_title, axis={"tickCount": 5, "format": "~s"}), "color": colour},
    )


def waits(rows: Rows) -> Spec:
    """Return waiting times by month; a row has month, measure, value, low, high, said and between."""
    of = {"median": "var(--one)", "90th percentile": "var(--two)"}
    y_scale = {"type": "sqrt"}
    y_title = "minutes (longer waits are drawn closer together)"
    x = {"field": "month", "type": "temporal", "scale": UTC, "title": None, "axis": {"format": "%b %y", "tickCount": 8}}
    return chart(
        rows,
        [
            {
                "mark": {"type": "area", "opacity": 0.16},
                "encoding": {"y": axis("low", y_title, scale=y_scale), "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 40, "filled": True}},
                "encoding": {
                    "y": axis("value", y_title, scale=y_scale, axis={"tickCount": 5}),
                    "tooltip": tips(measure="measure", when="month", said="value", between="95 % interval"),
                },
            },
        ],
        WIDE,
        230,
        encoding={"x": x, "color": {"field": "measure", "type": "nominal", **colours(of)}},
    )


def bars(rows: Rows, colour: str, x_title: str) -> Spec:
    """Return a bar per label with its text at the end; a row has label, value and said."""
    most = max(row["value"] for row in rows)
    return chart(
        rows,
        [
            {"mark": {"type": "bar", "color": colour}, "encoding": {"tooltip": tips(label="of", said="value")}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 12},
                "encoding": {"text": {"field": "said"}},
            },
        ],
        WIDE,
        _lines(rows),
        encoding={
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
            "x": axis("value", x_title, scale={"domain": [0, 1.2 * most or 1]}, axis={"tickCount": 5}),
        },
    )


def saturation(rows: Rows, means: Rows, knot: float, y_title: str) -> Spec:
    """Return experiments by the lift reached before them and their return, with the mean return on each side of a knot.

    A row has label, x, y, kind and said; a mean has from, to and mean; `knot` is a lift in percent.
    """
    of = {"rolled out": "var(--one)", "not rolled out": "var(--two)"}
    x_title = "cumulative lift before the experiment, in %"
    return chart(
        rows,
        [
            {
                "data": {"values": [{"knot": knot, "name": f"{knot:g} %"}]},
                "mark": {"type": "rule", "strokeDash": [5, 4], "color": "var(--ink)"},
                "encoding": {"x": axis("knot", x_title)},
            },
            {
                "data": {"values": means},
                "mark": {"type": "rule", "strokeWidth": 3, "color": "var(--muted)"},
                "encoding": {"x": axis("from", x_title), "x2": {"field": "to"}, "y": axis("mean", y_title)},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "x": axis("x", x_title, axis={"tickCount": 8}),
                    "y": axis("y", y_title, axis={"tickCount": 5}),
                    "color": {"field": "kind", "type": "nominal", **colours(of)},
                    "shape": {"field": "kind", "type": "nominal", "scale": {"domain": list(of)}},
                    "tooltip": tips(label="experiment", kind="variant", said="return"),
                },
            },
        ],
        WIDE,
        260,
    )
