"""Referrals that count, and recommendations that were stated and realised (M9)."""

from __future__ import annotations

from datetime import timedelta

from oracle.basics import grouped, ratio
from oracle.customers import segment_of
from oracle.people import human
from oracle.received import Row
from oracle.world import World


def fct_referrals(world: World) -> list[dict]:
    """'Realised: at least one referred lead that qualified'; 'Staff, self-referral and an earlier referrer's lead do
    not count.' READING: realised when the lead was both referred and qualified.
    """
    people = (row for row in world.accepted("crm.users") if human(world, row["user_id"]))
    staff = {folded(row["email"]) for row in people} - {""}
    taken, rows = set(), []
    for row in sorted(world.accepted("crm.referrals"), key=lambda row: (row["referred_at"], row["referral_id"])):
        lead = world.find("crm.leads", row["referred_lead_id"])
        is_counted = row["referred_lead_id"] not in taken and not is_own(world, row, lead, staff)
        if is_counted:
            taken.add(row["referred_lead_id"])
        qualified_at = lead["qualified_at"] if is_counted else None
        wanted = ("referral_id", "referrer_account_id", "referrer_contact_id", "referred_lead_id", "referred_at")
        rows.append({**{column: row[column] for column in wanted}, "is_counted": is_counted,
                     "realised_at": None if qualified_at is None else max(qualified_at, row["referred_at"])})  # fmt: skip
    return rows


def is_own(world: World, referral: Row, lead: Row, staff: set[str]) -> bool:
    """Staff or self-referral. READING: staff by e-mail, of the referrer's contact or the lead's, 'also those of merged
    users'; a bot is no staff, and who merged is a bot if the survivor is one; self by account, by the account of the lead's contact, or by contact.
    """
    referrer, brought = (
        world.find("crm.contacts", key) for key in (referral["referrer_contact_id"], lead["contact_id"])
    )
    emails = {folded(contact["email"]) for contact in (referrer, brought) if contact}
    account_id = referral["referrer_account_id"]
    return (bool(emails & staff) or lead["account_id"] == account_id
            or (brought is not None and (brought["account_id"] == account_id or brought is referrer)))  # fmt: skip


def folded(email: str | None) -> str:
    """Case and blanks at either end do not count."""
    return (email or "").strip().lower()


def recommendations(world: World, lifetimes: list[dict], min_tenure: timedelta) -> list[dict]:
    """'over customers of min_tenure_days (90). Both, and stated without realised. Where nobody was asked, stated is null
    with coverage 0; coverage is the share of customers asked.' READING: segments as in ppp_summary, if they have a
    customer of that tenure; the company always. What rests on a statement is null where nobody was asked, counts, too.
    """
    customers = [row for row in lifetimes if row["first_charge_at"] + min_tenure <= world.as_of]
    segments = grouped(customers, lambda row: segment_of(world, row["account_id"]))
    rows = []
    for subject, group in [
        (("company", "all"), customers),
        *((("segment", key), own) for key, own in segments.items()),
    ]:
        asked = [row for row in group if row["is_recommend_stated"] is not None]
        stated, realised = (sum(row[f"is_recommend_{name}"] for row in rows_of)
                            for name, rows_of in (("stated", asked), ("realised", group)))  # fmt: skip
        both = sum(row["is_recommend_stated"] and row["is_recommend_realised"] for row in asked)
        counts = {"stated": stated, "stated_and_realised": both, "stated_not_realised": stated - both}
        rows.append({"subject_type": subject[0], "subject_id": subject[1], "customers": len(group),
                     "asked": len(asked), "stated_coverage": ratio(len(asked), len(group)), "realised": realised,
                     **(counts if asked else dict.fromkeys(counts)), "stated_rate": ratio(stated, len(asked)),
                     "realised_rate": ratio(realised, len(group))})  # fmt: skip
    return rows
