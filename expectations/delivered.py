"""What we expect of the public relations, as delivered: what a reader relies on, whatever the models do inside."""

from great_expectations.expectations import (
    ExpectColumnPairValuesAToBeGreaterThanB,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    ExpectTableRowCountToEqual,
    UnexpectedRowsExpectation,
)

MOVEMENTS = ["new", "reactivation", "cross_sell", "up_sell", "repeat", "reversal"]


def none_of(description: str, query: str) -> UnexpectedRowsExpectation:
    """Expect that a query gives no row."""
    return UnexpectedRowsExpectation(description=description, unexpected_rows_query=query)


def suites() -> dict[str, list]:
    """Return '<schema>.<relation>' -> expectations."""
    return {
        "marts.dim_customers": [
            ExpectColumnValuesToBeInSet(column="account_type", value_set=["business", "person"]),
            none_of(
                "A customer has a first charge, a prospect has none.",
                "select account_id from {batch} where is_customer <> (acquired_at is not null)",
            ),
        ],
        "marts.dim_employees": [
            ExpectColumnValuesToBeInSet(
                column="team", value_set=["marketing", "sales", "onboarding", "success", "support"]
            ),
        ],
        "marts.dim_campaigns": [ExpectColumnValuesToNotBeNull(column="channel")],
        "marts.fct_transactions": [
            ExpectColumnValuesToBeInSet(column="movement", value_set=MOVEMENTS),
            ExpectColumnValuesToBeInSet(
                column="transaction_type", value_set=["charge", "refund", "chargeback", "credit"]
            ),
            ExpectColumnValuesToBeBetween(column="exchange_rate", min_value=0, strict_min=True),
            ExpectColumnValuesToBeBetween(column="amount", min_value=0),
            none_of(
                "A customer's first purchase is new, and no other is.",
                "select account_id from {batch} where transaction_type = 'charge' group by account_id"
                " having min(transacted_at) is distinct from max(case when movement = 'new' then transacted_at end)",
            ),
            none_of(
                "What was given back of an expansion is never more than it was.",
                "select charges.transaction_id from {batch} as charges inner join {batch} as reversals"
                " on reversals.original_transaction_id = charges.transaction_id"
                " and reversals.transaction_type <> 'charge' where charges.transaction_type = 'charge'"
                " group by charges.transaction_id, charges.expansion_amount"
                " having charges.expansion_amount + sum(reversals.expansion_amount) < 0",
            ),
        ],
        "marts.fct_leads": [ExpectColumnValuesToNotBeNull(column="created_at")],
        "marts.fct_opportunities": [
            ExpectColumnValuesToNotBeNull(column="created_at"),
        ],
        "marts.fct_survey_responses": [
            ExpectColumnValuesToBeBetween(column="score_unit", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="score_1_10", min_value=1, max_value=10),
            ExpectColumnValuesToBeInSet(
                column="survey_type", value_set=["nps", "nps_like", "csat", "ces", "post_purchase", "touch_rating"]
            ),
        ],
        "marts.customer_lifetime": [
            ExpectColumnValuesToBeBetween(column="csat_1_10", min_value=1, max_value=10),
            ExpectColumnValuesToBeBetween(column="transaction_count", min_value=1),
            ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="last_charge_at", column_B="first_charge_at", or_equal=True
            ),
            none_of(
                "Lifetime values sum to the customers' transactions, to the cent.",
                "select 1 from {batch} having sum(cltv) <> (select sum(transactions.reporting_amount)"
                " from marts.fct_transactions as transactions"
                " where transactions.account_id in (select account_id from {batch}))",
            ),
        ],
        "marts.customer_months": [
            none_of(
                "The last month knows what customer_lifetime knows.",
                "select lifetimes.account_id from marts.customer_lifetime as lifetimes left join {batch} as months"
                " on months.account_id = lifetimes.account_id and months.month = (select max(month) from {batch})"
                " where months.cltv is distinct from lifetimes.cltv or months.ppp is distinct from lifetimes.ppp",
            ),
        ],
        "marts.customer_cohorts": [
            ExpectColumnValuesToBeBetween(column="months_since", min_value=0),
            none_of(
                "The segments of a cohort sum to all of it.",
                "select cohort_month, months_since from {batch} group by cohort_month, months_since"
                " having sum(case when segment = 'all' then cltv else -cltv end) <> 0",
            ),
        ],
        "metrics.ppp_summary": [
            none_of(
                "There is one company, and it has the sum of its segments.",
                "select 1 from {batch} having count(case when subject_type = 'company' then 1 end) <> 1"
                " or sum(case when subject_type = 'company' then ppp else -ppp end) <> 0",
            ),
            none_of(
                "Yield is coverage times the responders' satisfaction.",
                "select subject_id from {batch} where abs(ppp_yield - csat_revenue_coverage * responders_csat / 10)"
                " > 1e-9 * greatest(1, abs(ppp_yield))",
            ),
        ],
        "audit.input_reconciliation": [
            ExpectTableRowCountToEqual(value=25),
            none_of(
                "Every row received is counted once.",
                "select input_table from {batch}"
                " where received <> accepted + superseded + deleted + excluded + future + quarantined",
            ),
        ],
    }
