"""How much of the highest possible PPP is reached."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Section, Table
from customer_outcomes.page.words import COUNT, NONE, RATE, RATIO, title


def satisfied_value(frame: Frame) -> Section:
    """Return the parts of the highest possible PPP: reached, lost to less than delighted customers, lost to silence."""
    found = frame.rows(
        """
        select subject_type, subject_id, customers, cltv, ppp_yield, csat_revenue_coverage, responders_csat
        from metrics.ppp_summary
        where subject_type in ('company', 'team', 'segment')
        order by list_position(['company', 'team', 'segment'], subject_type), cltv desc, subject_id
        """
    )
    parts = {
        "reached": "var(--one)",
        "lost to less than delighted customers": specs.BAD,
        "lost to silent customers": specs.SILENT,
    }
    drawn, lines = [], []
    for row in found:
        label = "Company" if row["subject_type"] == "company" else title(row["subject_id"])
        reached, unhappy, silent = row["ppp_yield"], None, None
        if reached is not None:
            answered = row["csat_revenue_coverage"]
            silent, unhappy = 1 - answered, answered - reached
            if min(reached, silent, unhappy) >= 0:
                drawn += [
                    {
                        "label": label,
                        "part": part,
                        "place": place,
                        "value": RATE.rounded(share),
                        "said": RATE.text(share),
                    }
                    for place, (part, share) in enumerate(zip(parts, (reached, unhappy, silent), strict=True))
                ]
        lines.append(
            [
                label,
                COUNT.text(row["customers"]),
                frame.money.text(row["cltv"]),
                RATE.text(reached),
                RATE.text(unhappy),
                RATE.text(silent),
                RATIO.text(row["responders_csat"]),
            ]
        )
    company = lines[0] if lines else None
    says = "No customer is known." if not found else "The yield is not known, because the lifetime values sum to 0."
    finding = None
    if company and company[3] != NONE:
        says = (
            f"The company reaches {company[3]} of the score that it would have if every customer were delighted:"
            f" {company[4]} is lost to customers who are less than delighted, {company[5]} to customers who never said."
        )
        finding = says
    figure = Figure(
        "satisfied-value",
        "Satisfaction x lifetime value",
        ["metrics.ppp_summary"],
        "M3 PPP, the perfect platinum performance score",
        says,
        specs.stacked_bars(drawn, parts, "% of the highest possible PPP") if drawn else None,
        {
            "By company, team and segment": Table(
                [
                    "of",
                    "customers",
                    "lifetime value",
                    "PPP yield",
                    "lost: less than delighted",
                    "lost: silent",
                    "CSAT of answers, by value",
                ],
                lines,
            )
        },
    )
    question = "How close do we come to all customers being delighted, and is the gap unhappiness or silence?"
    return Section("value", "Satisfied value", question, [figure], finding)
