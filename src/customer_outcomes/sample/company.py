"""The company itself: all tables that do not depend on its accounts. Only rates and costs are drawn at random."""

from typing import Any

import numpy as np

from .shapes import Row, Tables, build_rows

START = np.datetime64("2025-01-01T00:00:00", "s")
END = np.datetime64("2026-07-01T00:00:00", "s")
DAYS = 546

# (team, name, manager, hired, left)
PEOPLE = [
    ("marketing", "Mia Hartmann", None, "2021-03-01", None),
    ("marketing", "Jonas Reuter", 1, "2022-05-16", None),
    ("marketing", "Aisha Bello", 1, "2023-09-01", None),
    ("sales", "Clara Lindqvist", None, "2020-01-07", None),
    ("sales", "Tom Okafor", 4, "2022-02-01", None),
    ("sales", "Ines Duarte", 4, "2023-01-09", None),
    ("sales", "Peter Novak", 4, "2024-04-02", None),
    ("sales", "Laura Finch", 4, "2021-08-16", "2025-11-30"),
    ("onboarding", "Samir Haddad", None, "2022-10-03", None),
    ("onboarding", "Eva Brandt", 9, "2024-01-15", None),
    ("success", "Grace Mwangi", None, "2021-06-01", None),
    ("success", "Oskar Vik", 11, "2023-03-20", None),
    ("success", "Nora Keller", 11, "2024-06-03", None),
    ("support", "Diego Ramos", None, "2021-11-02", None),
    ("support", "Hanna Weiss", 14, "2023-02-13", None),
    ("support", "Yuki Tanabe", 14, "2024-08-19", None),
    ("support", "Help Robot", 14, "2024-01-01", None),
]
# (user, team, first day in the present team) of the only employee who was in another team before
FORMER_TEAM = ("user_13", "support", "2025-04-01")
USERS = [f"user_{number:02d}" for number in range(1, len(PEOPLE) + 1)]
MARKETERS, SELLERS, ONBOARDERS = [0, 1, 2], [4, 5, 6, 7], [8, 9]
SUCCESS_MANAGERS, SUPPORTERS, BOT = [10, 11, 12], [13, 14, 15], 16
LEAVER, LEFT_AT, LEAVER_SUCCESSOR = 7, np.datetime64("2025-11-30T17:00:00", "s"), 4

# (id, name, channel, owner, first day, last day, weekly cost per account, currency, satisfaction)
# The customers of the spring discount are less satisfied; the partners bring fewer, but happier customers.
CAMPAIGNS = [
    ("camp_search", "Search always on", "search", 1, "2025-01-01", None, 3.0, "EUR", 0.0),
    ("camp_content", "Field guide to operations", "content", 2, "2025-01-01", None, 1.2, "EUR", 0.05),
    ("camp_partners", "Partner programme", "partner", 3, "2025-01-01", None, 0.8, "GBP", 0.12),
    ("camp_spring_discount", "Spring discount", "social", 2, "2025-03-01", "2025-05-31", 6.0, "EUR", -0.22),
    ("camp_webinars", "Webinars for finance teams", "webinar", 3, "2025-02-15", "2025-12-15", 1.5, "EUR", 0.04),
    ("camp_fair_boston", "Fair in Boston", "event", 1, "2025-06-01", "2025-07-15", 9.0, "USD", 0.0),
    ("camp_social_video", "Short videos", "social", 2, "2025-07-01", "2025-10-31", 3.5, "EUR", -0.06),
    ("camp_newsletter", "Newsletter", "email", 3, "2025-04-01", "2026-06-30", 0.4, "EUR", 0.03),
    ("camp_fair_berlin", "Fair in Berlin", "event", 1, "2025-10-01", "2025-11-15", 8.0, "EUR", 0.05),
    ("camp_new_year", "New year offer", "email", 2, "2026-01-02", "2026-02-15", 2.0, "USD", -0.12),
]  # fmt: skip
ALWAYS_ON = 3

PRODUCTS = [
    ("core_starter", "Core Starter", "core", 1),
    ("core_professional", "Core Professional", "core", 2),
    ("core_enterprise", "Core Enterprise", "core", 3),
    ("analytics_basic", "Analytics Basic", "analytics", 1),
    ("analytics_plus", "Analytics Plus", "analytics", 2),
    ("services_training", "Training", "services", 1),
    ("services_premium_support", "Premium Support", "services", 2),
]
PRICES = np.array([29, 59, 99, 19, 39, 400, 900])
FIRST_PRODUCT_OF_FAMILY = np.array([0, 3, 5])

SURVEYS = [
    ("survey_nps", "nps", "How likely are you to recommend us?", 0, 10),
    ("survey_csat", "csat", "How satisfied are you with the answer?", 1, 5),
    ("survey_ces", "ces", "We made it easy to handle my issue.", 1, 7),
    ("survey_post_purchase", "post_purchase", "How satisfied are you with your purchase?", 1, 5),
    ("survey_touch", "touch_rating", "How helpful was this contact?", 1, 5),
]

# Each further lift costs more than the one before; M8 in docs/metrics.md asks whether lifts shrink above 6 %.
# (name, channel, first day, last day, exposures a side, control conversions, variant, spend, shipped)
EXPERIMENTS = [
    ("Shorter sign-up form", "web", "2025-01-13", "2025-02-09", 48000, 2400, 2472, 4000, True),
    ("Prices on the first page", "web", "2025-02-17", "2025-03-16", 50000, 2510, 2573, 4200, True),
    ("Green button", "web", "2025-03-24", "2025-04-20", 47000, 2370, 2361, 3100, False),
    ("Customer quotes", "web", "2025-05-05", "2025-06-01", 52000, 2700, 2765, 4800, True),
    ("Guided trial", "product", "2025-06-09", "2025-07-06", 39000, 2090, 2144, 5200, True),
    ("Chat on pricing", "web", "2025-07-14", "2025-08-10", 51000, 2760, 2782, 6100, True),
    ("Reminder on day three", "email", "2025-08-25", "2025-09-21", 44000, 2420, 2431, 5900, False),
    ("Countdown", "web", "2025-10-06", "2025-11-02", 53000, 2930, 2946, 6800, True),
    ("Video tour", "web", "2025-11-10", "2025-12-07", 49000, 2720, 2729, 7500, False),
    ("Bundle offer", "email", "2026-01-12", "2026-02-08", 46000, 2560, 2574, 7900, True),
    ("Live demo banner", "web", "2026-02-23", "2026-03-22", 50000, 2800, 2795, 8300, False),
    ("Exit offer", "web", "2026-04-13", "2026-05-10", 51000, 2860, 2871, 9000, False),
]

# (schedule, weekdays, start, end, zone): Boston closes for lunch.
WORKING_TIME = [
    ("sched_berlin", range(1, 6), 540, 1080, "Europe/Berlin"),
    ("sched_boston", range(1, 6), 480, 720, "America/New_York"),
    ("sched_boston", range(1, 6), 780, 1020, "America/New_York"),
]
SCHEDULES = ["sched_berlin", "sched_boston"]
HOLIDAYS = {
    "sched_berlin": "2025-01-01 2025-04-18 2025-04-21 2025-05-01 2025-10-03 2025-12-25 2025-12-26"
    " 2026-01-01 2026-04-03 2026-04-06 2026-05-01",
    "sched_boston": "2025-01-01 2025-05-26 2025-07-04 2025-11-27 2025-12-25 2026-01-01 2026-05-25",
}


def company_tables(accounts: int, seed: int) -> Tables:
    """Return the tables of employees, campaigns, products, surveys, experiments, rates and working time."""
    rows = {
        "crm.users": _users(),
        "crm.user_teams": _user_teams(),
        "crm.campaigns": _campaigns(),
        "crm.campaign_costs": _campaign_costs(accounts, np.random.default_rng([seed, 1])),
        "crm.products": [_named("product_id product_name product_family tier", p) for p in PRODUCTS],
        "crm.experiments": _experiments(),
        "crm.exchange_rates": _exchange_rates(np.random.default_rng([seed, 2])),
        "survey.surveys": [_named("survey_id survey_type question scale_min scale_max", s) for s in SURVEYS],
        "support.schedules": _schedules(),
        "support.holidays": [
            {"schedule_id": schedule, "holiday_on": day} for schedule, days in HOLIDAYS.items() for day in days.split()
        ],
    }
    return {table: build_rows(table, table_rows) for table, table_rows in rows.items()}


def _named(names: str, values: tuple[Any, ...]) -> Row:
    return dict(zip(names.split(), values, strict=True))


def _users() -> list[Row]:
    """Return the employees, and the bot."""
    rows = []
    for user_id, (team, name, manager, hired, left) in zip(USERS, PEOPLE, strict=True):
        rows.append({
            "user_id": user_id,
            "user_name": name,
            "email": name.lower().replace(" ", ".") + "@company.example",
            "team": team,
            "manager_user_id": USERS[manager - 1] if manager else None,
            "hired_at": f"{hired}T08:00:00",
            "left_at": f"{left}T17:00:00" if left else None,
            "is_bot": name == "Help Robot",
        })  # fmt: skip
    return rows


def _user_teams() -> list[Row]:
    """Return the stretches of time of each employee in a team, from the first day of work."""
    rows = []
    for user_id, (team, _, _, hired, _) in zip(USERS, PEOPLE, strict=True):
        stretches = [(team, f"{hired}T08:00:00")]
        if user_id == FORMER_TEAM[0]:
            stretches = [(FORMER_TEAM[1], f"{hired}T08:00:00"), (team, f"{FORMER_TEAM[2]}T00:00:00")]
        rows += [_named("user_id team valid_from", (user_id, *stretch)) for stretch in stretches]
    return rows


def _campaigns() -> list[Row]:
    return [
        {
            "campaign_id": campaign_id,
            "campaign_name": name,
            "channel": channel,
            "owner_user_id": USERS[owner - 1],
            "started_on": first_day,
            "ended_on": last_day,
        }
        for campaign_id, name, channel, owner, first_day, last_day, *_ in CAMPAIGNS
    ]


def _campaign_costs(accounts: int, random: np.random.Generator) -> list[Row]:
    """Return the costs of campaigns: a bill in every second week, in proportion to the number of accounts."""
    rows = []
    for campaign_id, _, _, _, first_day, last_day, weekly_cost, currency, _ in CAMPAIGNS:
        days = np.arange(np.datetime64(first_day), np.datetime64(last_day or "2026-06-30"), 14)
        amounts = 2 * weekly_cost * accounts * random.uniform(0.7, 1.3, len(days))
        for day, amount in zip(days, amounts, strict=True):
            rows.append({
                "campaign_id": campaign_id,
                "cost_on": day,
                "amount": f"{amount:.2f}",
                "currency_code": currency,
            })  # fmt: skip
    return rows


def _experiments() -> list[Row]:
    rows = []
    for number, experiment in enumerate(EXPERIMENTS, start=1):
        name, channel, started, ended, exposures, control, variant, spend, shipped = experiment
        rows.append({
            "experiment_id": f"exp_{number:02d}",
            "experiment_name": name,
            "channel": channel,
            "started_on": started,
            "ended_on": ended,
            "control_exposures": exposures,
            "control_conversions": control,
            "variant_exposures": exposures,
            "variant_conversions": variant,
            "spend": f"{spend}.00",
            "currency_code": "USD" if channel == "email" else "EUR",
            "is_shipped": shipped,
        })  # fmt: skip
    return rows


def _exchange_rates(random: np.random.Generator) -> list[Row]:
    """Return the rates of two pairs of currencies, by month; the pound is quoted only as the price of a euro."""
    rows = []
    days = [np.datetime64("2024-12-31"), *np.arange("2025-02", "2026-07", dtype="datetime64[M]")]
    for from_currency, to_currency, rate in [("USD", "EUR", 0.93), ("EUR", "GBP", 0.84)]:
        walk = rate * np.exp(np.cumsum(random.normal(0, 0.008, len(days))))
        for day, value in zip(days, walk, strict=True):
            rows.append({
                "from_currency": from_currency,
                "to_currency": to_currency,
                "valid_on": day.astype("datetime64[D]"),
                "rate": f"{value:.4f}",
            })  # fmt: skip
    return rows


def _schedules() -> list[Row]:
    """Return the stretches of working time of each schedule, by weekday."""
    return [
        {
            "schedule_id": schedule_id,
            "weekday": weekday,
            "starts_minute": starts,
            "ends_minute": ends,
            "timezone": timezone,
        }
        for schedule_id, weekdays, starts, ends, timezone in WORKING_TIME
        for weekday in weekdays
    ]
