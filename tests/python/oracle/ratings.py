"""Touches that are due for a rating, and the ratings of employees that are fit for pay (M2, M4, M5)."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from oracle.people import derived_user, human
from oracle.received import Row
from oracle.satisfaction import latest_by, nps_kind
from oracle.statistics import Z, mean
from oracle.world import World

NURTURE_POINTS = ({"nurture_point": "trial_day_7", "valid_from": date(2000, 1, 1), "valid_to": None},)


# ------------------------------------------------------------------------------------------------- M5 the rating policy


def touch_order(touch: Row | dict) -> tuple:
    """'in time order (ties by touch_id)'."""
    return (touch["occurred_at"], touch["touch_id"])


def rated_touches(world: World, nurture_points, every: int, rest: timedelta, window: timedelta) -> list[dict]:
    """'Number them per surviving contact in time order (ties by touch_id); others have no number and are never due.
    Due: number divisible by rating_every_n_touches, or at a nurture_point listed in a seed; and at least
    rating_rest_days since that contact's last invitation for a touch that was sent before the touch.'
    """
    sent_to, sent_for = defaultdict(list), defaultdict(list)
    for invitation in world.accepted("survey.invitations"):
        if invitation["about_type"] == "touch":  # READING: delivered or not
            sent_to[invitation["contact_id"]].append(invitation["sent_at"])
            sent_for[invitation["about_id"]].append(invitation["sent_at"])
    numbers: dict[str, int] = defaultdict(int)
    rows = []
    for touch in sorted(world.accepted("crm.touches"), key=touch_order):
        number, reason, at = None, None, touch["occurred_at"]
        if is_eligible(world, touch):
            numbers[touch["contact_id"]] += 1
            number = numbers[touch["contact_id"]]
            before = [sent_at for sent_at in sent_to[touch["contact_id"]] if sent_at < at]
            if not before or at - max(before) >= rest:
                reason = ("every_nth_touch" if number % every == 0 else
                          "nurture_point" if is_nurture_point(world, touch, nurture_points) else None)  # fmt: skip
        names = ("touch_id", "occurred_at", "channel", "direction", "user_id", "contact_id", "account_id",
                 "campaign_id", "lead_id", "opportunity_id", "nurture_point", "is_automated", "is_delivered")  # fmt: skip
        sent = sent_for[touch["touch_id"]]
        rows.append({**{name: touch[name] for name in names}, "touch_number": number,
                     "is_rating_due": reason is not None, "due_reason": reason, "is_rating_invited": bool(sent),
                     "is_rating_invited_in_time": any(at <= sent_at < at + window for sent_at in sent)})  # fmt: skip
    return rows


def is_eligible(world: World, touch: Row) -> bool:
    """'delivered, human (a user, no bot, not automated) and of an accepted contact'."""
    by_human = human(world, touch["user_id"]) is not None and not touch["is_automated"]
    return touch["is_delivered"] and by_human and touch["contact_id"] is not None


def is_nurture_point(world: World, touch: Row, nurture_points) -> bool:
    """READING: the seed's row of the touch's local day, 'valid_from (inclusive) and valid_to (exclusive, empty: open)'."""
    day = world.local_day(touch["occurred_at"])
    return any(row["nurture_point"] == touch["nurture_point"] and row["valid_from"] <= day
               and (row["valid_to"] is None or day < row["valid_to"]) for row in nurture_points)  # fmt: skip


def requests_due(world: World, touches: list[dict], window: timedelta) -> list[dict]:
    """'the due touches of the last rating_request_window_days before as_of without an invitation'."""
    return [{"touch_id": touch["touch_id"], "contact_id": touch["contact_id"], "account_id": touch["account_id"],
             "user_id": touch["user_id"], "due_at": touch["occurred_at"], "reason": touch["due_reason"]}
            for touch in touches if touch["is_rating_due"] and not touch["is_rating_invited"]
            and touch["occurred_at"] + window > world.as_of]  # fmt: skip


def compliance(world: World, touches: list[dict], invitations: list[dict], window: timedelta) -> list[dict]:
    """'Compliance = due touches invited within the window / due touches whose window is over. Off-policy invitations
    are shown', by user and local month.
    """
    cells = defaultdict(lambda: dict.fromkeys(
        ("eligible_touches", "due_touches", "due_touches_over", "invited_due", "off_policy_invitations"), 0))  # fmt: skip
    for touch in touches:
        if touch["touch_number"] is not None:
            cell = cells[touch["user_id"], world.month(touch["occurred_at"])]
            is_over = touch["is_rating_due"] and touch["occurred_at"] + window <= world.as_of
            cell["eligible_touches"] += 1
            cell["due_touches"] += touch["is_rating_due"]
            cell["due_touches_over"] += is_over
            cell["invited_due"] += is_over and touch["is_rating_invited_in_time"]
    for invitation in invitations:
        if invitation["is_off_policy"] and invitation["about_user_id"] is not None:
            cells[invitation["about_user_id"], world.month(invitation["sent_at"])]["off_policy_invitations"] += 1
    return [{"user_id": user_id, "month": month, **cell, "compliance":
             Fraction(cell["invited_due"], cell["due_touches_over"]) if cell["due_touches_over"] else None}
            for (user_id, month), cell in cells.items()]  # fmt: skip


# -------------------------------------------------------------------------------------- M2 and M4, ratings fit for pay


def survey_invitations(world: World, responses: list[dict], due: set[str]) -> list[dict]:
    """Accepted invitations, with what their counted response says where they are silent themselves."""
    answers = {row["_invitation_id"]: row for row in latest_by(responses, lambda row: row["_invitation_id"])}
    rows = []
    for invitation in world.accepted("survey.invitations"):
        answer = answers.get(invitation["invitation_id"])
        survey = world.find("survey.surveys", invitation["survey_id"])
        low, high = (Fraction(survey[bound]) for bound in ("scale_min", "scale_max"))
        whose = {column: answer[column] if invitation[column] is None and answer else invitation[column]
                 for column in ("account_id", "contact_id")}  # fmt: skip
        about = ("about_type", "about_id")
        is_off_policy = invitation["about_type"] == "touch" and invitation["about_id"] not in due
        rows.append({
            "invitation_id": invitation["invitation_id"], "survey_id": invitation["survey_id"],
            "survey_type": nps_kind(survey["survey_type"], low, high, survey["scale_min"])[0], **whose,
            **{column: invitation[column] for column in about}, "about_user_id": invited_about(world, invitation, answer),
            "sent_at": invitation["sent_at"], "is_delivered": invitation["is_delivered"],
            "is_off_policy": is_off_policy, "is_answered": answer is not None,
        })  # fmt: skip
    return rows


def invited_about(world: World, invitation: Row, answer: dict | None) -> str | None:
    """'about_user_id of the invitation as sent; else of the response; else derived as of the time of the thing itself.
    The first of these that is set decides; if it is a bot, the rating is about nobody.'
    """
    user_id = invitation["about_user_id"]
    if user_id is None and answer:
        user_id = answer["_own_about_user_id"]
    if user_id is None:
        user_id = derived_user(world, invitation["about_type"], invitation["about_id"])
    return human(world, user_id)


def employee_ratings(world: World, responses: list[dict], invitations: list[dict], min_customers: int) -> list[dict]:
    """M2: 'An employee's NPS and rating: mean per customer first, then over customers'; M5: 'Off-policy invitations
    are shown and never paid'; M4: 'Per team and survey type'. M0 teams: 'ratings: as_of'.
    """
    off_policy = {row["invitation_id"] for row in invitations if row["is_off_policy"]}
    rated: dict = defaultdict(list)
    for answer in responses:
        if answer["about_user_id"] is not None and answer["_invitation_id"] not in off_policy:
            rated[answer["about_user_id"], answer["survey_type"]].append(answer)
    teams = defaultdict(list)
    for (user_id, survey_type), answers in sorted(rated.items()):
        row = {"user_id": user_id, "team": world.team_at(user_id, world.as_of), "survey_type": survey_type,
               **customers_of(answers), **silence(user_id, survey_type, answers, invitations)}  # fmt: skip
        row |= nps_of(answers) if survey_type == "nps" else dict.fromkeys(("nps", "nps_ci_low", "nps_ci_high"))
        teams[row["team"], survey_type].append(row)
    for rows in teams.values():
        for row, fair in zip(rows, credibility(rows)):
            row |= fair
            row["is_payable"] = row["n_customers"] >= min_customers
            row["payable_score"] = row["credible_score"] if row["is_payable"] else row["team_mean"]
        payable = [row["credible_score"] for row in rows if row["is_payable"]]
        for row in rows:  # equals have one rank
            better = sum(score > row["credible_score"] for score in payable)
            row["rating_rank"] = better + 1 if row["is_payable"] else None
    return [row for rows in teams.values() for row in rows]


def by_customer(answers: list[dict]) -> dict[str, list[dict]]:
    groups = defaultdict(list)
    for answer in answers:
        groups[answer["account_id"]].append(answer)
    return groups


def customers_of(answers: list[dict]) -> dict:
    """n, m and s^2 'of customers' mean u'."""
    scores = [mean(answer["score_unit"] for answer in group) for group in by_customer(answers).values()]
    count, middle = len(scores), mean(scores)
    variance = sum((score - middle) ** 2 for score in scores) / (count - 1) if count > 1 else None
    return {"ratings": len(answers), "n_customers": count, "raw_mean": middle, "sample_variance": variance}


def credibility(users: list[dict]) -> list[dict]:
    """M4 for one team and survey type: 'N = sum n_i, I users, m = sum n_i m_i / N, EPV = sum (n_i - 1) s_i^2 / sum
    (n_i - 1), VHM = max(0, (sum n_i (m_i - m)^2 - (I - 1) EPV) / (N - sum n_i^2 / N)), Z_i = n_i / (n_i + EPV / VHM),
    0 where VHM = 0 or undefined.' 'credible_score = Z_i m_i + (1 - Z_i) m; its interval +-z sqrt((1 - Z_i) VHM), and
    +-z sqrt(EPV / N) where VHM = 0; null where EPV is undefined (every n_i is 1)'.

    READING: VHM is undefined of one user or without EPV, and the interval is then that of VHM = 0.
    """
    n, m = [user["n_customers"] for user in users], [user["raw_mean"] for user in users]
    everyone, spare = sum(n), sum(n) - len(n)
    middle = sum(n_i * m_i for n_i, m_i in zip(n, m)) / Fraction(everyone)
    epv = vhm = None
    if spare:
        epv = sum(((user["n_customers"] - 1) * (user["sample_variance"] or 0) for user in users), Fraction(0)) / spare
        if len(users) > 1:
            between = sum(n_i * (m_i - middle) ** 2 for n_i, m_i in zip(n, m)) - (len(users) - 1) * epv
            vhm = max(Fraction(0), between / (everyone - Fraction(sum(n_i**2 for n_i in n), everyone)))
    rows = []
    for n_i, m_i in zip(n, m):
        z_i = n_i / (n_i + epv / vhm) if vhm else Fraction(0)
        score = z_i * m_i + (1 - z_i) * middle
        width = None if epv is None else Z * math.sqrt((1 - z_i) * vhm if vhm else epv / everyone)
        rows.append({"team_users": len(users), "team_customers": everyone, "team_mean": middle,
                     "expected_process_variance": epv, "variance_of_hypothetical_means": vhm, "credibility": z_i,
                     "credible_score": score, "ci_low": None if width is None else float(score) - width,
                     "ci_high": None if width is None else float(score) + width})  # fmt: skip
    return rows


def silence(user_id: str, survey_type: str, answers: list[dict], invitations: list[dict]) -> dict:
    """M4: 'response rate, the bounds if all silent customers had given the worst or the best score; both null where no
    request is known, since then nobody knows who kept silent', 'per user and survey type, delivered and on policy'.

    READING: a customer is silent if one of these requests reached them and they are not among the raters; a request to no known
    account tells nobody who kept silent, and is none. So response rate and bounds are null together.
    """
    invited = {row["account_id"] for row in invitations
               if row["about_user_id"] == user_id and row["survey_type"] == survey_type and row["is_delivered"]
               and not row["is_off_policy"] and row["account_id"] is not None}  # fmt: skip
    scores = {key: mean(answer["score_unit"] for answer in group) for key, group in by_customer(answers).items()}
    silent = len(invited - scores.keys())
    whole, count = sum(scores.values()), len(scores) + silent
    known = {"response_rate": Fraction(len(invited) - silent, len(invited)), "worst_case_mean": whole / count,
             "best_case_mean": (whole + silent) / count} if invited else {}  # fmt: skip
    return {"invited_customers": len(invited), "silent_customers": silent,
            **dict.fromkeys(("response_rate", "worst_case_mean", "best_case_mean")), **known}  # fmt: skip


def nps_of(answers: list[dict]) -> dict:
    """M2: 'NPS = 100 (P - D) / n; interval: adjusted Wald with n + 3, 3/4 added to promoters and to detractors',
    'mean per customer first, then over customers'. READING: not clipped.
    """
    groups = by_customer(answers).values()
    promoters, detractors = (sum(mean(answer["nps_class"] == kind for answer in group) for group in groups)
                             for kind in ("promoter", "detractor"))  # fmt: skip
    n = len(groups)
    p, d = ((part + Fraction(3, 4)) / (n + 3) for part in (promoters, detractors))
    width = Z * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    return {"nps": 100 * (promoters - detractors) / n, "nps_ci_low": 100 * (float(p - d) - width),
            "nps_ci_high": 100 * (float(p - d) + width)}  # fmt: skip
