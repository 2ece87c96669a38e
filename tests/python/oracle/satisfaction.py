"""Survey answers, the counted one of each person, and a customer's CSAT (M2)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from oracle.basics import earliest
from oracle.people import derived_user, human
from oracle.received import Row
from oracle.world import World


def survey_answers(world: World) -> list[dict]:
    """Every accepted response with its scores, its thing and the employee that it is about."""
    answers = []
    for row in world.accepted("survey.responses"):
        survey = world.find("survey.surveys", row["survey_id"])
        low, high = Fraction(survey["scale_min"]), Fraction(survey["scale_max"])
        unit = (Fraction(row["score"]) - low) / (high - low)
        survey_type, nps_class = nps_kind(survey["survey_type"], low, high, row["score"])
        answers.append({
            "response_id": row["response_id"], "survey_type": survey_type, "account_id": row["account_id"],
            "contact_id": row["contact_id"], "about_type": row["about_type"], "about_id": row["about_id"],
            "about_user_id": about_user(world, row), "responded_at": row["responded_at"],
            "score": Fraction(row["score"]), "score_unit": unit, "score_1_10": 1 + 9 * unit, "nps_class": nps_class,
            "_asked": (row["account_id"], row["contact_id"], row["survey_id"], *thing(row)),
            "_invitation_id": row["invitation_id"], "_own_about_user_id": row["about_user_id"],
        })  # fmt: skip
    return answers


def nps_kind(survey_type: str, low: Fraction, high: Fraction, score: Decimal) -> tuple[str, str | None]:
    """'NPS only from surveys of type nps on 0 to 10: promoters 9-10, detractors 0-6'; 'On any other scale an nps
    survey is nps_like'. READING: nps_like is the survey's type as shown, without class; 6.5 and 8.5 are passive.
    """
    if survey_type != "nps":
        return survey_type, None
    if (low, high) != (0, 10):
        return "nps_like", None
    return "nps", "promoter" if score >= 9 else "detractor" if score <= 6 else "passive"


def thing(row: Row) -> tuple:
    """'A thing is the response's own (about_type, about_id); for a relationship each invitation is one, and a
    response without invitation is one by itself.'
    """
    if row["about_type"] != "relationship":
        return (row["about_type"], row["about_id"])
    if row["invitation_id"] is not None:
        return ("relationship", "invitation", row["invitation_id"])
    return ("relationship", "response", row["response_id"])


def answer_order(answer: dict) -> tuple:
    """'the latest, ties by response_id'. READING: of a tie the greatest response_id is the latest."""
    return (answer["responded_at"], answer["response_id"])


def latest_by(answers: list[dict], key) -> list[dict]:
    best: dict = {}
    for answer in sorted(answers, key=answer_order):
        best[key(answer)] = answer
    return list(best.values())


def counted(answers: list[dict]) -> list[dict]:
    """'The counted response of a person to one survey about one thing is the latest before as_of'."""
    return latest_by(answers, lambda answer: answer["_asked"])


def about_user(world: World, row: Row) -> str | None:
    """'about_user_id of the invitation as sent; else of the response; else derived as of the time of the thing
    itself ... The first of these that is set decides; if it is a bot, the rating is about nobody.'
    """
    invitation = world.find("survey.invitations", row["invitation_id"])
    user_id = invitation["about_user_id"] if invitation else None
    if user_id is None:
        user_id = row["about_user_id"]
    if user_id is None:
        user_id = derived_user(world, row["about_type"], row["about_id"])
    return human(world, user_id)


def csat_of(answers: list[dict], types) -> Fraction | None:
    """'mean over its contacts of each contact's latest counted response of the types in var csat_survey_types;
    responses without contact are those of one more contact. Never reported is null'. Answers of one account.
    """
    latest = latest_by([answer for answer in counted(answers) if answer["survey_type"] in types],
                       lambda answer: answer["contact_id"])  # fmt: skip
    return sum(answer["score_1_10"] for answer in latest) / Fraction(len(latest)) if latest else None


def first_asked(invitations: list[dict], answers: list[dict]) -> dict[str, datetime]:
    """M9: since when an account was asked whether it recommends us: 'a delivered invitation of a 0 to 10 nps survey, or
    an answer'. READING: also off policy; of the account that fct_survey_invitations has, so that M4 and M9 agree on whose
    an invitation is; an answer that was edited since, too.
    """
    sent = [row for row in invitations if row["is_delivered"] and row["survey_type"] == "nps"]
    said = [answer for answer in answers if answer["nps_class"] is not None]
    moments = [(row["account_id"], row["sent_at"]) for row in sent]
    moments += [(answer["account_id"], answer["responded_at"]) for answer in said]
    return earliest(pair for pair in moments if pair[0] is not None)


def stated(answers: list[dict], is_asked: bool) -> bool | None:
    """M2: 'stated recommendation: some contact's latest is 9 or 10', of the account's nps answers; M9: 'null where never
    asked'.
    """
    latest = latest_by(counted(answers), lambda answer: answer["contact_id"])
    return any(answer["score"] >= 9 for answer in latest) if is_asked else None
