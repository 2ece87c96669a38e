"""The expectations of the public relations: facts that their readers rely on, however the models compute them."""

from great_expectations.expectations import (
    ExpectColumnPairValuesAToBeGreaterThanB,
    ExpectColumnValuesToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToNotBeNull,
    ExpectTableRowCountToEqual,
    UnexpectedRowsExpectation,
)

from customer_outcomes.contract import load_contract

FORECAST_MODELS = ["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "gamma_gamma"]
MOVEMENTS = ["new", "reactivation", "cross_sell", "up_sell", "repeat", "none", "reversal"]


def none_of(description: str, query: str) -> UnexpectedRowsExpectation:
    """Return the expectation that a query returns no row."""
    return UnexpectedRowsExpectation(description=description, unexpected_rows_query=query)


def suites() -> dict[str, list]:
    """Return the expectations of each relation, by its name '<schema>.<relation>'."""
    return {
        "marts.dim_customers": [
            ExpectColumnValuesToBeInSet(column="account_type", value_set=["business", "person"]),
            none_of(
                "A customer has a first charge, and a prospect has none.",
                "select account_id from {batch} where is_customer <> (acquired_at is not null)",
            ),
        ],
        "marts.dim_employees": [
            ExpectColumnValuesToBeInSet(
                column="team", value_set=["marketing", "sales", "onboarding", "success", "support", "other"]
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
                "select account_id from {batch} where is_charge group by account_id"
                " having min(transacted_at) is distinct from max(case when movement = 'new' then transacted_at end)",
            ),
            none_of(
                "The reversals of an expansion are never larger than the expansion.",
                "select charges.transaction_id from {batch} as charges inner join {batch} as reversals"
                " on reversals.original_transaction_id = charges.transaction_id"
                " and reversals.transaction_type <> 'charge' where charges.transaction_type = 'charge'"
                " group by charges.transaction_id, charges.expansion_amount"
                " having charges.expansion_amount + sum(reversals.expansion_amount) < 0",
            ),
        ],
        "marts.fct_leads": [ExpectColumnValuesToNotBeNull(column="created_at")],
        "marts.fct_survey_responses": [
            ExpectColumnValuesToBeBetween(column="score_unit", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="score_1_10", min_value=1, max_value=10),
            ExpectColumnValuesToBeInSet(
                column="survey_type", value_set=["nps", "nps_like", "csat", "ces", "post_purchase", "touch_rating"]
            ),
        ],
        "marts.fct_touches": [
            none_of(
                "The eligible touches of a contact are numbered from 1 without gaps.",
                "select contact_id from {batch} where touch_number is not null group by contact_id"
                " having max(touch_number) <> count(*) or count(distinct touch_number) <> count(*)",
            ),
        ],
        "marts.fct_survey_invitations": [
            none_of(
                "Only requests for ratings of touches can be off policy.",
                "select invitation_id from {batch} where is_off_policy and about_type <> 'touch'",
            ),
        ],
        "marts.fct_customer_ratings": [
            ExpectColumnValuesToBeBetween(column="mean_score_unit", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="ratings", min_value=0),
        ],
        "marts.fct_tickets": [
            ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="first_response_at", column_B="clock_started_at", or_equal=True
            ),
            none_of(
                "Business time is never longer than the time that passed.",
                "select ticket_id from {batch} where first_response_business_minutes > first_response_minutes + 1e-6"
                " or first_response_last_schedule_minutes > first_response_minutes + 1e-6",
            ),
            none_of(
                "A ticket has either a first response or a waiting time.",
                "select ticket_id from {batch} where is_unanswered = (waiting_minutes is null)"
                " or is_unanswered = (first_response_minutes is not null)",
            ),
        ],
        "marts.fct_ticket_transfers": [
            none_of("A transfer goes to another user.", "select event_id from {batch} where from_user_id = to_user_id"),
        ],
        "marts.fct_usage_days": [ExpectColumnValuesToBeBetween(column="active_users", min_value=0)],
        "marts.active_users": [
            ExpectColumnValuesToBeInSet(column="period", value_set=["day", "week", "month"]),
            none_of(
                "The mean number of daily active users is at most the number of active users in the period.",
                "select starts_on from {batch} where mean_daily_active_users > active_users",
            ),
        ],
        "marts.fct_subscription_movements": [
            none_of("Every movement changes MRR.", "select account_id from {batch} where mrr_change = 0"),
        ],
        "marts.subscription_months": [
            ExpectColumnValuesToBeBetween(column="mrr", min_value=0),
            ExpectColumnValuesToBeBetween(column="starting_mrr", min_value=0),
        ],
        "marts.fct_outcomes": [
            ExpectColumnValuesToBeBetween(column="weight", min_value=0),
            none_of(
                "Only the customer can verify an outcome.",
                "select outcome_id from {batch} where is_verified and verified_by <> 'customer'",
            ),
        ],
        "marts.fct_campaign_costs": [ExpectColumnValuesToBeBetween(column="reporting_amount", min_value=0)],
        "marts.fct_experiments": [ExpectColumnValuesToBeBetween(column="spend_amount", min_value=0)],
        "marts.fct_handoffs": [
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="first_sign_at", column_B="handed_at", or_equal=True),
            none_of(
                "A hand-off is between different teams, or of a lead.",
                "select handoff_id from {batch} where lead_id is null and from_team = to_team",
            ),
        ],
        "marts.fct_referrals": [
            none_of(
                "A lead counts for one referral only.",
                "select referred_lead_id from {batch} where is_counted group by referred_lead_id having count(*) > 1",
            ),
        ],
        "marts.time_to_value": [
            ExpectColumnValuesToBeBetween(column="observed_days", min_value=0),
            ExpectColumnValuesToBeInSet(column="ended_by", value_set=["value", "churn", "censored"]),
        ],
        "marts.customer_success": [
            ExpectColumnValuesToBeBetween(column="outcome_score", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="success_score", min_value=0, max_value=1),
        ],
        "marts.customer_attribution": [
            none_of(
                "The weights of a customer sum to 1 in each attribution model.",
                "select account_id from {batch} group by account_id, attribution_model having sum(weight) <> 1",
            ),
        ],
        "marts.customer_lifetime": [
            ExpectColumnValuesToBeBetween(column="csat_1_10", min_value=1, max_value=10),
            ExpectColumnValuesToBeBetween(column="transaction_count", min_value=1),
            ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="last_charge_at", column_B="first_charge_at", or_equal=True
            ),
            none_of(
                "The lifetime values sum to the customers' transactions, to the cent.",
                "select 1 from {batch} having sum(cltv) <> (select sum(transactions.reporting_amount)"
                " from marts.fct_transactions as transactions"
                " where transactions.account_id in (select account_id from {batch}))",
            ),
        ],
        "marts.forecast_fits": [
            ExpectColumnValuesToBeInSet(column="model", value_set=FORECAST_MODELS),
            ExpectTableRowCountToEqual(value=len(FORECAST_MODELS)),
            none_of(
                "At most one model of purchases is chosen.",
                "select 1 from {batch} having count(case when is_chosen and model <> 'gamma_gamma' then 1 end) > 1",
            ),
        ],
        "marts.customer_forecasts": [
            ExpectColumnValuesToBeBetween(column="p_alive", min_value=0, max_value=1),
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="age_weeks", column_B="recency_weeks", or_equal=True),
            none_of(
                "Every customer of customer_lifetime has a forecast of its value, from no fewer purchase days.",
                "select 1 from marts.customer_lifetime as lifetimes left join {batch} as forecasts"
                " on lifetimes.account_id = forecasts.account_id where forecasts.account_id is null"
                " or lifetimes.forecast_value is distinct from forecasts.forecast_value"
                " or lifetimes.purchase_days > forecasts.frequency + 1",
            ),
            none_of(
                "A row has either a forecast value or a reason.",
                "select account_id from {batch} where (forecast_value is null) <> (reason is not null)",
            ),
        ],
        "marts.customer_months": [
            none_of(
                "The figures of the last month are the same as in customer_lifetime.",
                "select lifetimes.account_id from marts.customer_lifetime as lifetimes left join {batch} as months"
                " on months.account_id = lifetimes.account_id and months.month = (select max(month) from {batch})"
                " where months.cltv is distinct from lifetimes.cltv or months.ppp is distinct from lifetimes.ppp",
            ),
        ],
        "marts.customer_cohorts": [
            ExpectColumnValuesToBeBetween(column="months_since", min_value=0),
            none_of(
                "The segments of a cohort sum to the whole cohort.",
                "select cohort_month, months_since from {batch} group by cohort_month, months_since"
                " having sum(case when segment = 'all' then cltv else -cltv end) <> 0",
            ),
        ],
        "metrics.metric_values": [
            ExpectColumnValuesToBeInSet(
                column="subject_type", value_set=["company", "team", "employee", "campaign", "channel", "segment"]
            ),
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="ci_high", column_B="ci_low", or_equal=True),
            none_of(
                "Without observations the value is null or 0, and there is no confidence interval.",
                "select metric_name from {batch} where n = 0 and (value <> 0 or ci_low is not null)",
            ),
            none_of(
                "The company has every metric in every month.",
                "select month from {batch} where subject_type = 'company' group by month"
                " having count(*) <> (select count(*) from metrics.metric_catalog)",
            ),
            none_of(
                "Segments, channels and campaigns each sum to the figure of the company, to the cent.",
                "select metric_name from {batch} where metric_name in ('cltv_growth', 'new_revenue', 'cross_sell',"
                " 'up_sell', 'repeat_revenue') and subject_type not in ('team', 'employee') group by metric_name, month"
                " having count(distinct case when n > 0 then subject_type end) not in (0, 4) or"
                " 4 * sum(case when subject_type = 'company' then numerator else 0 end) <> sum(numerator)",
            ),
        ],
        "metrics.ppp_summary": [
            none_of(
                "There is one row for the company, and its PPP is the sum of its segments.",
                "select 1 from {batch} where subject_type in ('company', 'segment')"
                " having count(case when subject_type = 'company' then 1 end) <> 1"
                " or sum(case when subject_type = 'company' then ppp else -ppp end) <> 0",
            ),
            none_of(
                "The lifetime values of campaigns sum to the company's, to the cent.",
                "select 1 from {batch} having"
                " sum(case subject_type when 'company' then cltv when 'campaign' then -cltv else 0 end) <> 0",
            ),
            none_of(
                "The PPP yield is the coverage times the satisfaction of the responders.",
                "select subject_id from {batch} where abs(ppp_yield - csat_revenue_coverage * responders_csat / 10)"
                " > 1e-9 * greatest(1, abs(ppp_yield))",
            ),
        ],
        "metrics.subscription_retention": [
            ExpectColumnValuesToBeBetween(column="gross_retention", min_value=0, max_value=1),
            ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="net_retention", column_B="gross_retention", or_equal=True
            ),
        ],
        "metrics.time_to_value_curve": [
            ExpectColumnValuesToBeBetween(column="survival", min_value=0, max_value=1),
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="survival_high", column_B="survival_low", or_equal=True),
        ],
        "metrics.time_to_value_summary": [
            none_of(
                "The subjects of the segments sum to all subjects.",
                "select 1 from {batch} having sum(case when segment = 'all' then subjects else -subjects end) <> 0",
            ),
        ],
        "metrics.experience_outcome_quadrants": [
            ExpectColumnValuesToBeInSet(column="outcome_level", value_set=["high", "low"]),
            ExpectColumnValuesToBeInSet(column="experience_level", value_set=["high", "low"]),
        ],
        "metrics.campaign_performance": [
            ExpectColumnValuesToBeBetween(column="cost", min_value=0),
            none_of(
                "The return on cost is null exactly if the cost is 0.",
                "select campaign_id from {batch} where (cost = 0) <> (ppp_roi is null)",
            ),
        ],
        "metrics.touch_pressure": [ExpectColumnValuesToBeBetween(column="mean_score_unit", min_value=0, max_value=1)],
        "metrics.conversion_saturation": [
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="lift", column_B="lift_low", or_equal=True),
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="lift_high", column_B="lift", or_equal=True),
        ],
        "metrics.saturation_verdict": [
            none_of(
                "Exactly one knot is the claimed one.",
                "select 1 from {batch} having count(case when is_claimed_knot then 1 end) <> 1",
            ),
        ],
        "metrics.handoff_performance": [
            ExpectColumnValuesToBeBetween(column="drop_rate", min_value=0, max_value=1),
        ],
        "metrics.recommendations": [
            none_of(
                "The customers who stated a recommendation have either realised it or not.",
                "select subject_id from {batch} where stated <> stated_and_realised + stated_not_realised",
            ),
        ],
        "metrics.employee_ratings": [
            ExpectColumnValuesToBeBetween(column="credibility", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="payable_score", min_value=0, max_value=1),
            ExpectColumnValuesToBeBetween(column="nps", min_value=-100, max_value=100),
            none_of(
                "An employee with too few ratings is paid at the mean of the team, and has no rank.",
                "select user_id from {batch} where not is_payable"
                " and (payable_score <> team_mean or rating_rank is not null)",
            ),
            none_of(
                "The mean of a team's raw means, weighted by customers, is the mean of the team.",
                "select team from {batch} group by team, survey_type"
                " having abs(sum(n_customers * (raw_mean - team_mean))) > 1e-9 * sum(n_customers)",
            ),
        ],
        "metrics.ticket_times": [
            ExpectColumnPairValuesAToBeGreaterThanB(column_A="p90_minutes", column_B="median_minutes", or_equal=True),
            none_of(
                "Every kind of subject counts each ticket once.",
                "select measure from {batch} group by measure, month having count(distinct subject_type) <> 5"
                " or max(case when subject_type = 'company' then tickets end) * 5 <> sum(tickets)",
            ),
        ],
        "metrics.rating_policy_compliance": [
            ExpectColumnValuesToBeBetween(column="compliance", min_value=0, max_value=1),
        ],
        "metrics.rating_requests_due": [
            ExpectColumnValuesToBeInSet(column="reason", value_set=["every_nth_touch", "nurture_point"]),
        ],
        "metrics.rating_integrity_flags": [
            none_of("The evidence ends with a full stop.", "select flag_id from {batch} where evidence not like '%.'"),
        ],
        "compensation.comp_credits": [
            ExpectColumnValuesToBeInSet(column="side", value_set=["marketing", "sales"]),
            none_of(
                "The weights of each side sum to exactly 1 per customer.",
                "select account_id from {batch} group by account_id, side having sum(weight) <> 1",
            ),
        ],
        "compensation.shared_comp_inputs": [
            ExpectColumnValuesToBeBetween(column="credibility", min_value=0, max_value=1),
            none_of(
                "Every payee of a period has every metric.",
                "select user_id from {batch} group by period, user_id"
                " having count(*) <> (select count(distinct metric_name) from {batch})",
            ),
        ],
        "compensation.comp_statement_lines": [
            ExpectColumnValuesToBeInSet(column="team", value_set=["marketing", "sales"]),
            ExpectColumnValuesToBeBetween(column="proration", min_value=0, strict_min=True),
            ExpectColumnValuesToBeBetween(column="payout", min_value=0),
            none_of("No attainment is above the cap.", "select user_id from {batch} where attainment > cap"),
        ],
        "compensation.comp_period_closes": [
            none_of(
                "A period is closed after its first day.",
                "select period from {batch} where cast(closed_at as date) <= period",
            ),
        ],
        "compensation.comp_closed_lines": [ExpectColumnValuesToBeBetween(column="payout", min_value=0)],
        "compensation.comp_adjustments": [
            none_of("No adjustment is of 0.", "select adjustment_id from {batch} where amount = 0"),
            none_of(
                "An adjustment for late knowledge is posted in a later period than the one that it adjusts.",
                "select adjustment_id from {batch} where dispute_id is null and original_period >= period",
            ),
        ],
        "compensation.comp_what_if": [
            none_of(
                "The change is the scenario's payout minus the actual payout.",
                "select user_id from {batch} where change <> scenario_payout - actual_payout",
            ),
            none_of("The actual plans are not a scenario.", "select user_id from {batch} where scenario = 'actual'"),
        ],
        "audit.input_reconciliation": [
            ExpectTableRowCountToEqual(value=len(load_contract())),
            none_of(
                "Every received row is in exactly one state.",
                "select input_table from {batch}"
                " where received <> accepted + superseded + deleted + excluded + future + quarantined",
            ),
        ],
    }
