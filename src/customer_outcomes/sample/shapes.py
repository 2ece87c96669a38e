"""The columns that the sample writes per table, and how a table is put together from columns."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = {
    "crm.accounts": "account_id account_name account_type parent_account_id merged_into_account_id"
    " segment industry country_code created_at",
    "crm.contacts": "contact_id account_id email merged_into_contact_id created_at",
    "crm.users": "user_id user_name email team manager_user_id hired_at left_at is_bot",
    "crm.account_assignments": "assignment_id account_id user_id assigned_at accepted_at rejected_at unassigned_at",
    "crm.campaigns": "campaign_id campaign_name channel owner_user_id started_on ended_on",
    "crm.campaign_costs": "campaign_id cost_on amount currency_code",
    "crm.leads": "lead_id created_at channel campaign_id owner_user_id contact_id account_id"
    " qualified_at sales_user_id accepted_at converted_at disqualified_at",
    "crm.touches": "touch_id occurred_at channel direction user_id campaign_id lead_id contact_id"
    " account_id opportunity_id nurture_point is_automated is_delivered",
    "crm.opportunities": "opportunity_id account_id owner_user_id owner_at_close_user_id lead_id"
    " campaign_id stage amount currency_code created_at closed_at is_won",
    "crm.opportunity_splits": "opportunity_id user_id share",
    "crm.products": "product_id product_name product_family tier",
    "crm.transactions": "transaction_id account_id contact_id opportunity_id product_id"
    " transaction_type status quantity amount currency_code transacted_at original_transaction_id",
    "crm.subscriptions": "subscription_id account_id product_id quantity monthly_amount"
    " currency_code started_on ended_on end_reason",
    "crm.outcomes": "outcome_id account_id opportunity_id outcome_name weight defined_at due_at"
    " achieved_at verified_at verified_by abandoned_at",
    "crm.referrals": "referral_id referrer_account_id referrer_contact_id referred_lead_id referred_at",
    "crm.experiments": "experiment_id experiment_name channel started_on ended_on"
    " control_exposures control_conversions variant_exposures variant_conversions spend"
    " currency_code is_shipped",
    "crm.exchange_rates": "from_currency to_currency valid_on rate",
    "support.tickets": "ticket_id account_id contact_id channel priority schedule_id is_spam"
    " merged_into_ticket_id created_at",
    "support.ticket_events": "event_id ticket_id occurred_at event_type actor_type actor_user_id is_public new_value",
    "support.schedules": "schedule_id weekday starts_minute ends_minute timezone",
    "support.holidays": "schedule_id holiday_on",
    "survey.surveys": "survey_id survey_type question scale_min scale_max",
    "survey.invitations": "invitation_id survey_id account_id contact_id about_type about_id"
    " about_user_id sent_at is_delivered",
    "survey.responses": "response_id survey_id invitation_id account_id contact_id about_type"
    " about_id about_user_id score comment responded_at",
    "product.usage_days": "account_id contact_id used_on value_events",
}
COLUMNS = {table: names.split() for table, names in COLUMNS.items()}

# Optional in the contract, so a few tables do without.
BOOKKEEPING = ["_loaded_at", "updated_at", "is_deleted"]
WITHOUT_BOOKKEEPING = {"crm.products", "support.schedules", "support.holidays", "survey.surveys"}

# No table of the contract lists this column: the reader passes it over.
UNLISTED = {"crm.accounts": ["legacy_code"]}

INTEGERS = {
    "tier", "weekday", "starts_minute", "ends_minute", "value_events",
    "control_exposures", "control_conversions", "variant_exposures", "variant_conversions",
}  # fmt: skip
DECIMAL_PLACES = {
    "amount": 2, "monthly_amount": 2, "spend": 2, "weight": 2, "share": 2, "rate": 4,
    "quantity": 0, "score": 0, "scale_min": 0, "scale_max": 0,
}  # fmt: skip


def columns_of(table: str) -> list[str]:
    """Every column that the table's files have, in order."""
    bookkeeping = [] if table in WITHOUT_BOOKKEEPING else BOOKKEEPING
    return COLUMNS[table] + bookkeeping + UNLISTED.get(table, [])


def type_of(column: str) -> str:
    """The contract's type of a column, which its name tells."""
    if column.endswith("_at"):
        return "timestamp"
    if column.endswith("_on"):
        return "date"
    if column.startswith("is_"):
        return "boolean"
    if column in INTEGERS:
        return "integer"
    return "decimal" if column in DECIMAL_PLACES else "text"


def arrow_type(column: str) -> pa.DataType:
    """The Parquet type of a column; timestamps are UTC without a zone."""
    if type_of(column) == "decimal":
        return pa.decimal128(18, DECIMAL_PLACES[column])
    return {
        "timestamp": pa.timestamp("us"),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "text": pa.string(),
    }[type_of(column)]


def build(table: str, rows: int, keep: np.ndarray | None = None, **columns) -> pa.Table:
    """A table of the contract's columns; a scalar fills its column, an unnamed column is null."""
    unknown = set(columns) - set(columns_of(table))
    if unknown:
        raise ValueError(f"{table} has no column {sorted(unknown)}")
    names = columns_of(table)
    built = pa.table({name: _array(name, columns.get(name), rows) for name in names})
    if keep is not None:
        built = built.filter(pa.array(keep))
    return _with_loading_moment(built)


def build_rows(table: str, rows: list[dict]) -> pa.Table:
    """A table from literal rows, whose values may be text."""
    columns = {
        name: pa.array([_text(row.get(name)) for row in rows], pa.string()).cast(arrow_type(name))
        for name in columns_of(table)
    }
    unknown = {name for row in rows for name in row} - set(columns)
    if unknown:
        raise ValueError(f"{table} has no column {sorted(unknown)}")
    return _with_loading_moment(pa.table(columns))


def keys(prefix: str, *numbers: np.ndarray) -> pa.Array:
    """Keys such as acct_0006 or touch_0006_3; null where the last number is negative."""
    parts = [pc.utf8_lpad(pa.array(numbers[0]).cast(pa.string()), 4, "0")]
    parts += [pa.array(number).cast(pa.string()) for number in numbers[1:]]
    joined = pc.binary_join_element_wise(prefix, *parts, "_")
    return pc.if_else(pa.array(numbers[-1] >= 0), joined, None)


def choose(values: list, index: np.ndarray) -> pa.Array:
    """The value at each index; null where the index is negative."""
    return pa.array(values).take(pa.array(index, mask=index < 0))


def only(values: pa.Array, condition: np.ndarray) -> pa.Array:
    """The values where the condition holds, null elsewhere."""
    return pc.if_else(pa.array(condition), values, None)


def _array(name: str, values, rows: int) -> pa.Array:
    kind = arrow_type(name)
    if values is None or isinstance(values, (str, bool, int)):
        return pa.repeat(pa.scalar(values), rows).cast(kind)
    if isinstance(values, np.ndarray):
        # Arrow rounds floats to a decimal's places, and refuses wide integers.
        values = values.astype(float) if pa.types.is_decimal(kind) else values
        values = pa.array(values, from_pandas=True)
    return values.cast(kind)


def _text(value) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)


def _with_loading_moment(built: pa.Table) -> pa.Table:
    """Each row was loaded in the night after the last thing that it tells; due_at is a plan."""
    if "_loaded_at" not in built.column_names:
        return built
    moments = [
        built[name].cast(pa.date32()).cast(pa.int32())
        for name in built.column_names
        if type_of(name) in ("timestamp", "date") and name not in (*BOOKKEEPING, "due_at")
    ]
    if not moments:
        return built
    night = pc.add(pc.multiply(pc.max_element_wise(*moments).cast(pa.int64()), 86400), 97200)
    position = built.column_names.index("_loaded_at")
    loaded_at = night.cast(pa.timestamp("s")).cast(pa.timestamp("us"))
    return built.set_column(position, "_loaded_at", loaded_at)
