"""The company itself: everything that does not depend on its customers."""

from typing import Any

import numpy as np

from .tables import Array, Tables, literal

START = np.datetime64("2025-01-01T00:00:00", "s")
END = np.datetime64("2026-07-01T00:00:00", "s")
MONTHS = np.arange("2025-01", "2026-07", dtype="datetime64[M]")

COUNTRIES = ["DE", "FR", "NL", "AT", "US", "CA", "GB", "IE"]
COUNTRY_SHARES = [0.32, 0.1, 0.1, 0.06, 0.18, 0.04, 0.15, 0.05]
CURRENCIES, PRICE_FACTOR = ["EUR", "USD", "GBP"], np.array([1, 1.1, 0.9])
CURRENCY_OF_COUNTRY = np.array([0, 0, 0, 0, 1, 1, 2, 0])
SEGMENTS = ["small_business", "mid_market", "enterprise", "public_sector"]
SEGMENT_SHARES = [0.42, 0.3, 0.14, 0.14]
SEATS = np.array([5, 9, 16, 8])  # the median, by segment
PACE = np.array([0.7, 1.0, 1.5, 1.2])  # how long an outcome takes, by segment

# (name, team, number of the manager, first day)
PEOPLE = [
    ("Mia Hartmann", "marketing", None, "2021-03-01"),
    ("Jonas Reuter", "marketing", 1, "2022-05-16"),
    ("Aisha Bello", "marketing", 1, "2023-09-01"),
    ("Clara Lindqvist", "sales", None, "2020-01-07"),
    ("Viktor Lang", "sales", 4, "2022-02-01"),
    ("Ines Duarte", "sales", 4, "2023-01-09"),
    ("Peter Novak", "sales", 4, "2024-04-02"),
    ("Laura Finch", "sales", 4, "2021-08-16"),
    ("Noor Haddad", "sales", 4, "2026-03-02"),
    ("Samir Rahimi", "onboarding", None, "2022-10-03"),
    ("Eva Brandt", "onboarding", 10, "2024-01-15"),
    ("Grace Mwangi", "success", None, "2021-06-01"),
    ("Oskar Vik", "success", 12, "2023-03-20"),
    ("Nora Keller", "success", 12, "2024-06-03"),
    ("Diego Ramos", "support", None, "2021-11-02"),
    ("Hanna Weiss", "support", 15, "2023-02-13"),
    ("Yuki Tanabe", "support", 15, "2024-08-19"),
    ("Tomas Berg", "support", 15, "2026-06-01"),
]
USERS = [f"user_{number:02d}" for number in range(1, len(PEOPLE) + 1)]
BEST_SELLER, NEW_SELLER, NEW_SUPPORTER = 4, 8, 17  # places in USERS
SELLERS, ONBOARDERS, SUCCESS_MANAGERS, SUPPORTERS = range(4, 9), range(9, 11), range(11, 14), range(14, 18)
MOVER = ("user_14", "support", "2024-06-03", "2025-02-03")  # (user, former team, from, in the present team since)

# (id, name, channel, owner, first day, last day, currency, cost of a lead, weight among the campaigns that run)
CAMPAIGNS = [
    ("camp_search", "Search always on", "search", 1, "2025-01-01", None, "EUR", 1900, 5),
    ("camp_content", "Field guide to operations", "content", 2, "2025-01-01", None, "EUR", 1350, 3),
    ("camp_partners", "Partner programme", "partner", 3, "2025-01-01", None, "GBP", 1250, 3),
    ("camp_spring_discount", "Spring discount", "social", 2, "2025-02-15", "2025-06-15", "EUR", 2000, 9),
    ("camp_webinars", "Webinars for finance teams", "webinar", 3, "2025-02-01", "2025-12-15", "EUR", 2200, 3),
    ("camp_fair_boston", "Fair in Boston", "event", 1, "2025-06-01", "2025-08-31", "USD", 1900, 7),
    ("camp_newsletter", "Newsletter", "email", 3, "2025-04-01", None, "EUR", 1300, 3),
    ("camp_fair_berlin", "Fair in Berlin", "event", 2, "2025-09-15", "2025-11-30", "EUR", 1600, 7),
]  # fmt: skip
CAMPAIGN_IDS, CHANNELS = [c[0] for c in CAMPAIGNS], [c[2] for c in CAMPAIGNS]
DISCOUNT = CAMPAIGN_IDS.index("camp_spring_discount")
COST_OF_LEAD = np.array([c[7] for c in CAMPAIGNS])

# (id, name, family, tier, price of a unit in euros)
PRODUCTS = [
    ("core_starter", "Core Starter", "core", 1, 29),
    ("core_professional", "Core Professional", "core", 2, 49),
    ("core_enterprise", "Core Enterprise", "core", 3, 69),
    ("analytics_basic", "Analytics Basic", "analytics", 1, 19),
    ("analytics_plus", "Analytics Plus", "analytics", 2, 29),
    ("services_training", "Training", "services", 1, 400),
]
PRODUCT_IDS, PRICES = [p[0] for p in PRODUCTS], np.array([p[4] for p in PRODUCTS])
ANALYTICS, TRAINING = 3, 5  # places in PRODUCTS

# (id, type, question, lowest and highest score)
SURVEYS = [
    ("survey_nps", "nps", "How likely are you to recommend us?", 0, 10),
    ("survey_csat", "csat", "How satisfied are you with the answer?", 1, 5),
    ("survey_ces", "ces", "We made it easy to handle my issue.", 1, 7),
    ("survey_post_purchase", "post_purchase", "How satisfied are you with your purchase?", 1, 5),
    ("survey_touch", "touch_rating", "How helpful was this contact?", 1, 5),
]
SCALES = {survey[0]: survey[3:] for survey in SURVEYS}

# The first changes of the web site pay well; past a lift of about 6 % further changes cost more and bring little.
# (name, channel, first day, last day, visitors of each side, conversions of the control and of the variant, spend,
# shipped)
EXPERIMENTS = [
    ("Shorter sign-up form", "web", "2025-01-13", "2025-02-09", 480000, 24000, 24912, 4000, True),
    ("Prices on the first page", "web", "2025-02-17", "2025-03-16", 500000, 25100, 25903, 4200, True),
    ("Green button", "web", "2025-03-24", "2025-04-20", 470000, 23700, 23771, 3100, False),
    ("Customer quotes", "web", "2025-05-05", "2025-06-01", 520000, 27000, 27783, 4800, True),
    ("Guided trial", "product", "2025-06-09", "2025-07-06", 390000, 20900, 21380, 5200, True),
    ("Chat on pricing", "web", "2025-07-14", "2025-08-10", 510000, 27600, 27766, 6100, True),
    ("Reminder on day three", "email", "2025-08-25", "2025-09-21", 440000, 24200, 24248, 5900, False),
    ("Countdown", "web", "2025-10-06", "2025-11-02", 530000, 29300, 29446, 6800, True),
    ("Video tour", "web", "2025-11-10", "2025-12-07", 490000, 27200, 27200, 7500, False),
    ("Bundle offer", "email", "2026-01-12", "2026-02-08", 460000, 25600, 25702, 7900, True),
    ("Live demo banner", "web", "2026-02-23", "2026-03-22", 500000, 28000, 27944, 8300, False),
    ("Exit offer", "web", "2026-04-13", "2026-05-10", 510000, 28600, 28686, 9000, False),
]  # fmt: skip

# (schedule, minutes of the day between which it is open, zone); Boston closes for lunch. Monday to Friday.
WORKING_TIME = [
    ("sched_berlin", 540, 1080, "Europe/Berlin"),
    ("sched_boston", 480, 720, "America/New_York"),
    ("sched_boston", 780, 1020, "America/New_York"),
]
SCHEDULES = ["sched_berlin", "sched_boston"]
HOLIDAYS = {
    "sched_berlin": "2025-01-01 2025-04-18 2025-04-21 2025-05-01 2025-10-03 2025-12-25 2025-12-26"
    " 2026-01-01 2026-04-03 2026-04-06 2026-05-01",
    "sched_boston": "2025-01-01 2025-05-26 2025-07-04 2025-11-27 2025-12-25 2026-01-01 2026-05-25",
}


def company_tables(leads: Array, seed: int) -> Tables:
    """Return the tables of employees, campaigns, products, surveys, experiments, rates and working time.

    `leads` has the number of leads of each campaign, by month.
    """
    random = np.random.default_rng([seed, 0])
    users = [
        (user, name, name.lower().replace(" ", ".") + "@company.example", team, manager and USERS[manager - 1], day)
        for user, (name, team, manager, day) in zip(USERS, PEOPLE, strict=True)
    ]
    teams = [(user[0], user[3], MOVER[3] if user[0] == MOVER[0] else user[5]) for user in users]
    columns_and_rows: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "crm.users": ("user_id user_name email team manager_user_id hired_at", users),
        "crm.user_teams": ("user_id team valid_from", [*teams, MOVER[:3]]),
        "crm.campaigns": (
            "campaign_id campaign_name channel owner_user_id started_on ended_on",
            [(*c[:3], USERS[c[3] - 1], *c[4:6]) for c in CAMPAIGNS],
        ),
        "crm.campaign_costs": ("campaign_id cost_on amount currency_code", _costs(leads, random)),
        "crm.products": ("product_id product_name product_family tier", [p[:4] for p in PRODUCTS]),
        "crm.experiments": (
            "experiment_id experiment_name channel started_on ended_on control_exposures variant_exposures"
            " control_conversions variant_conversions spend is_shipped currency_code",
            [(f"exp_{n:02d}", *e[:5], *e[4:], "EUR") for n, e in enumerate(EXPERIMENTS, 1)],
        ),
        "crm.exchange_rates": ("from_currency to_currency valid_on rate", _exchange_rates(random)),
        "survey.surveys": ("survey_id survey_type question scale_min scale_max", SURVEYS),
        "support.schedules": (
            "schedule_id starts_minute ends_minute timezone weekday",
            [(*hours, weekday) for hours in WORKING_TIME for weekday in range(1, 6)],
        ),
        "support.holidays": (
            "schedule_id holiday_on",
            [(schedule, day) for schedule, days in HOLIDAYS.items() for day in days.split()],
        ),
    }
    return {table: literal(table, names, rows) for table, (names, rows) in columns_and_rows.items()}


def _costs(leads: Array, random: np.random.Generator) -> list[tuple[Any, ...]]:
    """Return the bill of each campaign for each month in which it ran; it depends on the leads that it brought."""
    rows: list[tuple[Any, ...]] = []
    for campaign, (campaign_id, *_, first, last, currency, cost, _) in enumerate(CAMPAIGNS):
        for month, number in zip(MONTHS, leads[campaign], strict=True):
            if np.datetime64(first, "M") <= month <= np.datetime64(last or MONTHS[-1], "M"):
                amount = (number + 0.25) * cost * random.uniform(0.9, 1.1)
                rows.append((campaign_id, max(str(month) + "-01", first), f"{amount:.2f}", currency))
    return rows


def _exchange_rates(random: np.random.Generator) -> list[tuple[Any, ...]]:
    """Return the rates of two pairs of currencies, by month; the pound is quoted only as the price of a euro."""
    days = ["2024-12-31", *(f"{month}-01" for month in MONTHS[1:])]
    rows: list[tuple[Any, ...]] = []
    for source, target, rate in (("USD", "EUR", 0.93), ("EUR", "GBP", 0.84)):
        walk = rate * np.exp(np.cumsum(random.normal(0, 0.008, len(days))))
        rows += [(source, target, day, f"{value:.4f}") for day, value in zip(days, walk, strict=True)]
    return rows
