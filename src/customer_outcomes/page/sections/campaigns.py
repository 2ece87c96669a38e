"""Campaigns by their return in revenue and in PPP."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Row, Section, Table
from customer_outcomes.page.words import RATIO, listed, ordinal

MOST_CAMPAIGNS = 25  # the campaigns that the chart and the table show


def campaigns(frame: Frame) -> Section:
    """Return the campaigns by return on cost, in revenue and in PPP, with the names of the ones that disagree."""
    found = frame.rows(
        """
        select
            campaign_name, performance.campaign_id, cost, customers, attributed_cltv, ppp_roi, revenue_roi,
            rank() over (order by revenue_roi desc) as revenue_rank,
            rank() over (order by ppp_roi desc) as ppp_rank,
            count(*) over () as campaigns
        from metrics.campaign_performance as performance
        inner join marts.dim_campaigns as campaigns on performance.campaign_id = campaigns.campaign_id
        where attribution_model = $model and revenue_roi is not null and ppp_roi is not null
        order by revenue_roi desc, performance.campaign_id
        """,
        model=frame.attribution_model,
    )
    shown = found[:MOST_CAMPAIGNS]
    measures = {"by revenue": "var(--two)", "by PPP": "var(--one)"}
    drawn = [
        {"label": row["campaign_name"], "measure": measure, "value": RATIO.rounded(value), "said": RATIO.text(value)}
        for row in shown
        for measure, value in zip(measures, (row["revenue_roi"], row["ppp_roi"]), strict=True)
    ]
    lines = [
        [
            row["campaign_name"],
            frame.money.text(row["cost"]),
            RATIO.text(row["customers"]),
            frame.money.text(row["attributed_cltv"]),
            RATIO.text(row["revenue_roi"]),
            str(row["revenue_rank"]),
            RATIO.text(row["ppp_roi"]),
            str(row["ppp_rank"]),
            "yes" if _disagrees(row) else "no",
        ]
        for row in shown
    ]
    disagreeing = [row for row in found if _disagrees(row)]
    says = "The returns agree: no campaign pays back by revenue alone, or falls far by PPP."
    if not found:
        says = "No campaign has costs and a return."
    elif disagreeing:
        names = [
            f"{row['campaign_name']} ({RATIO.text(row['revenue_roi'])} by revenue, {RATIO.text(row['ppp_roi'])} by PPP)"
            for row in disagreeing
        ]
        says = f"The returns disagree about {listed(names)}."
    if len(found) > MOST_CAMPAIGNS:
        says += f" The chart and the table show the first {MOST_CAMPAIGNS} of {len(found)} by revenue."
    says += f" A return of 1 means that the cost came back twice; attribution model: {frame.attribution_model}."
    says += (
        " The returns of a campaign disagree if it pays back by revenue but not by PPP, or falls by at least half of"
        " all ranks."
    )
    axis_title = "return on cost (larger returns are drawn closer together)"
    figure = Figure(
        "campaigns",
        "Return on the cost of campaigns",
        ["metrics.campaign_performance", "marts.dim_campaigns"],
        "M8 Campaigns, touches and the 6 % claim",
        says,
        specs.pairs(drawn, measures, axis_title, {"type": "symlog"}) if drawn else None,
        {
            "Campaigns by return": Table(
                [
                    "campaign", "cost", "customers (shares)", "lifetime value", "ROI by revenue", "rank", "ROI by PPP",
                    "rank", "disagree",
                ],
                lines,
            ),
            "Without cost or return": _without_return(frame),
        },
    )  # fmt: skip
    return Section(
        "campaigns",
        "Campaigns",
        "Which campaigns won customers who are worth their cost, and are satisfied?",
        [figure],
        _campaign_finding(found),
    )


def _without_return(frame: Frame) -> Table:
    """Return the campaigns that have no return, because they cost nothing, and the customers of no campaign."""
    found = frame.rows(
        """
        select
            coalesce(campaign_name, '(' || performance.campaign_id || ')') as name, cost, customers, attributed_cltv
        from metrics.campaign_performance as performance
        left join marts.dim_campaigns as campaigns on performance.campaign_id = campaigns.campaign_id
        where attribution_model = $model and (revenue_roi is null or ppp_roi is null)
        order by attributed_cltv desc, performance.campaign_id
        limit $most
        """,
        model=frame.attribution_model,
        most=MOST_CAMPAIGNS,
    )
    lines = [
        [
            row["name"],
            frame.money.text(row["cost"]),
            RATIO.text(row["customers"]),
            frame.money.text(row["attributed_cltv"]),
        ]
        for row in found
    ]
    return Table(["campaign", "cost", "customers (shares)", "lifetime value"], lines)


def _disagrees(row: Row) -> bool:
    """Return whether a campaign pays back by revenue but not by PPP, or falls by half of all ranks or more."""
    pays_by_revenue_alone = row["revenue_roi"] > 0 >= row["ppp_roi"]
    return pays_by_revenue_alone or 2 * (row["ppp_rank"] - row["revenue_rank"]) >= row["campaigns"] > 2


def _campaign_finding(found: list[Row]) -> str | None:
    fallen = max(found, key=lambda row: (_disagrees(row), row["ppp_rank"] - row["revenue_rank"]), default=None)
    if fallen is None or not _disagrees(fallen):
        return None
    of = fallen["campaigns"]
    by_revenue = f"{RATIO.text(fallen['revenue_roi'])}, {ordinal(fallen['revenue_rank'])} of {of} campaigns"
    by_ppp = f"{RATIO.text(fallen['ppp_roi'])}, {ordinal(fallen['ppp_rank'])} of {of}"
    verb = "loses" if fallen["ppp_roi"] <= 0 else "falls back"
    return (
        f"{fallen['campaign_name']} pays back by revenue (return {by_revenue}) and {verb} by satisfied value (PPP:"
        f" {by_ppp}): its customers pay, but they are unhappy or silent."
    )
