"""The columns of the sample's tables, and functions that build a table from columns or rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Row = dict[str, Any]  # a row by the names of its columns; a value is a literal or its text
Tables = dict[str, pa.Table]  # tables by their names '<domain>.<table>'
Array = npt.NDArray[Any]

_COLUMN_NAMES = {
    "crm.accounts": "account_id account_name account_type parent_account_id merged_into_account_id"
    " segment industry country_code created_at",
    "crm.contacts": "contact_id account_id email merged_into_contact_id created_at",
    "crm.users": "user_id user_name email team merged_into_user_id manager_user_id hired_at left_at is_bot",
    "crm.user_teams": "user_id team valid_from",
    "crm.account_assignments": "assignment_id account_id user_id assigned_at accepted_at rejected_at unassigned_at",
    "crm.campaigns": "campaign_id campaign_name channel owner_user_id started_on ended_on",
    "crm.campaign_costs": "campaign_id cost_on amount currency_code",
    "crm.leads": "lead_id created_at merged_into_lead_id channel campaign_id owner_user_id contact_id account_id"
    " qualified_at sales_user_id accepted_at converted_at disqualified_at",
    "crm.touches": "touch_id occurred_at channel direction user_id campaign_id lead_id contact_id"
    " account_id opportunity_id nurture_point is_automated is_delivered",
    "crm.opportunities": "opportunity_id account_id owner_user_id owner_at_close_user_id lead_id"
    " campaign_id merged_into_opportunity_id stage amount currency_code created_at closed_at is_won",
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
COLUMNS = {table: names.split() for table, names in _COLUMN_NAMES.items()}

# These columns are optional in the contract, so a few tables lack them.
BOOKKEEPING = ["_loaded_at", "updated_at", "is_deleted"]
WITHOUT_BOOKKEEPING = {"crm.products", "support.schedules", "support.holidays", "survey.surveys"}

# The contract does not list these columns, so the build ignores them.
UNLISTED = {"crm.accounts": ["legacy_code"]}

INTEGERS = {
    "tier", "weekday", "starts_minute", "ends_minute", "value_events",
    "control_exposures", "control_conversions", "variant_exposures", "variant_conversions",
}  # fmt: skip
DECIMAL_PLACES = {
    "amount": 2, "monthly_amount": 2, "spend": 2, "weight": 2, "share": 2, "rate": 4,
    "quantity": 0, "score": 0, "scale_min": 0, "scale_max": 0,
}  # fmt: skip

RATIOS = {"share", "rate"}


def columns_of(table: str) -> list[str]:
    """Return the names of all columns in a table's files, in order."""
    bookkeeping = [] if table in WITHOUT_BOOKKEEPING else BOOKKEEPING
    return COLUMNS[table] + bookkeeping + UNLISTED.get(table, [])


def type_of(column: str) -> str:
    """Return the contract's type of a column, which follows from its name."""
    if column.endswith("_at") or column == "valid_from":
        return "timestamp"
    if column.endswith("_on"):
        return "date"
    if column.startswith("is_"):
        return "boolean"
    if column in INTEGERS:
        return "integer"
    if column in RATIOS:
        return "ratio"
    return "decimal" if column in DECIMAL_PLACES else "text"


def arrow_type(column: str) -> pa.DataType:
    """Return the Parquet type of a column; timestamps are in UTC, without a time zone."""
    if column in DECIMAL_PLACES:
        return pa.decimal128(18, DECIMAL_PLACES[column])
    return {
        "timestamp": pa.timestamp("us"),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "text": pa.string(),
    }[type_of(column)]


def build(table: str, rows: int, keep: Array | None = None, **columns: Any) -> pa.Table:
    """Return a table with `rows` rows, of which those with `keep` stay.

    A column is an array of `rows` values, or a scalar for all rows; columns that are not given are null. Raise
    ValueError if a column does not belong to the table.
    """
    unknown = set(columns) - set(columns_of(table))
    if unknown:
        raise ValueError(f"{table} has no column {sorted(unknown)}")
    names = columns_of(table)
    built = pa.table({name: _array(name, columns.get(name), rows) for name in names})
    if keep is not None:
        built = built.filter(pa.array(keep))
    return _with_loading_moment(built)


def build_rows(table: str, rows: list[Row]) -> pa.Table:
    """Return a table from literal rows; missing values are null.

    Raise ValueError if a row has a column that does not belong to the table.
    """
    columns = {
        name: pa.array([_text(row.get(name)) for row in rows], pa.string()).cast(arrow_type(name))
        for name in columns_of(table)
    }
    unknown = {name for row in rows for name in row} - set(columns)
    if unknown:
        raise ValueError(f"{table} has no column {sorted(unknown)}")
    return _with_loading_moment(pa.table(columns))


def keys(prefix: str, *numbers: Array) -> pa.Array:
    """Return keys such as acct_0006 or touch_0006_3; a key is null if its last number is negative."""
    parts = [pc.utf8_lpad(pa.array(numbers[0]).cast(pa.string()), 4, "0")]
    parts += [pa.array(number).cast(pa.string()) for number in numbers[1:]]
    joined = pc.binary_join_element_wise(prefix, *parts, "_")
    return pc.if_else(pa.array(numbers[-1] >= 0), joined, None)


def choose(values: list[str], index: Array) -> pa.Array:
    """Return the value at each index; null for a negative index."""
    return pa.array(values).take(pa.array(index, mask=index < 0))


def only(values: pa.Array, condition: Array) -> pa.Array:
    """Return the values for which the condition is true; the others become null."""
    return pc.if_else(pa.array(condition), values, None)


def _array(name: str, values: Any, rows: int) -> pa.Array:
    """Return the values of a column, or a scalar repeated, as an Arrow array of the column's type."""
    kind = arrow_type(name)
    if values is None or isinstance(values, (str, bool, int)):
        return pa.repeat(pa.scalar(values), rows).cast(kind)
    if isinstance(values, np.ndarray):
        # Arrow rounds floats to the places of a decimal, but refuses to convert wide integers to one.
        values = values.astype(float) if pa.types.is_decimal(kind) else values
        values = pa.array(values, from_pandas=True)
    return values.cast(kind)


def _text(value: object) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)


def _with_loading_moment(built: pa.Table) -> pa.Table:
    """Set _loaded_at of each row to 03:00 of the day after the latest moment in the row.

    due_at does not count, because it is a plan.
    """
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
