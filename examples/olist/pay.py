"""Print the pay of Olist's people under the plans shared and deal_quota, side by side: pay.py WAREHOUSE.

The rank correlation is Spearman's: the correlation of ranks, where equal values have the mean of their ranks.
"""

import argparse
import sys
from pathlib import Path

import duckdb

# The totals with which each person is credited: the sellers of the person's deals, and the value that they sold.
PEOPLE = """
    create temp view people as
    with credits as (
        select owner_user_id as user_id, account_id from marts.fct_leads
        union all
        select sales_user_id as user_id, account_id from marts.fct_leads
    )
    select
        employees.team,
        credits.user_id,
        count(*) as deals,
        count(customers.account_id) as sellers_who_sold,
        coalesce(sum(customers.cltv), 0) as cltv,
        max(customers.cltv) as cltv_of_largest_seller
    from credits
    inner join marts.dim_employees as employees on credits.user_id = employees.user_id
    left join marts.customer_lifetime as customers on credits.account_id = customers.account_id
    where credits.account_id is not null
    group by all
"""

PAYEES = """
    create temp view payees as
    with pay as (
        select
            team,
            user_id,
            count(*) as months,
            sum(actual_payout) as shared,
            sum(scenario_payout) as deal_quota,
            sum(actual_payout - scenario_payout) as gain
        from compensation.comp_what_if
        where scenario = 'deal_quota'
        group by all
    ),
    positions as (
        select
            *,
            rank() over (partition by team order by shared desc) as shared_rank,
            rank() over (partition by team order by deal_quota desc) as quota_rank,
            rank() over monthly_shared + (count(*) over (partition by team, shared / months) - 1) / 2 as shared_place,
            rank() over monthly_quota + (count(*) over (partition by team, deal_quota / months) - 1) / 2 as quota_place
        from pay
        window
            monthly_shared as (partition by team order by shared / months desc),
            monthly_quota as (partition by team order by deal_quota / months desc)
    )
    from positions
"""

TABLES = {
    "What the people of the won deals are credited with": """
        select
            team,
            count(*) as people,
            count(*) filter (sellers_who_sold < deals) as some_never_sold,
            count(*) filter (sellers_who_sold = 0) as none_ever_sold,
            sum(deals) as deals,
            sum(sellers_who_sold) as sellers_who_sold,
            sum(cltv) as cltv,
            max(cltv_of_largest_seller) as cltv_of_largest_seller
        from people
        group by all
        order by all
    """,
    "What the plans pay, and who gains by shared": """
        select
            team,
            count(*) as payees,
            sum(months) as months,
            sum(shared) as shared,
            sum(deal_quota) as deal_quota,
            sum(gain) as gain,
            count(*) filter (gain > 0) as gainers,
            count(*) filter (gain < 0) as losers,
            sum(gain) filter (gain > 0) as gained,
            count(*) filter (shared_rank <> quota_rank) as ranks_that_change,
            max(abs(shared_rank - quota_rank)) as farthest_change,
            round(corr(shared_place, quota_place), 2) as rank_correlation_of_monthly_pay
        from payees
        group by all
        order by all
    """,
    "Month by month": """
        select
            period,
            count(*) as payees,
            sum(actual_payout) as shared,
            sum(scenario_payout) as deal_quota
        from compensation.comp_what_if
        where scenario = 'deal_quota'
        group by all
        order by all
    """,
    "What shared pays for, by metric": """
        select
            team,
            metric_name,
            cast(sum(numerator) as decimal(18, 2)) as credited,
            sum(payout) as payout,
            count(*) as lines,
            count(*) filter (is_payable) as for_the_own_figure,
            max(credibility) filter (is_payable) as highest_credibility,
            sum(payout) filter (n_customers = 0) as to_who_has_none
        from compensation.comp_statement_lines
        inner join compensation.shared_comp_inputs using (period, user_id, team, metric_name)
        group by all
        order by all
    """,
    "Payee by payee": """
        select
            user_id,
            months,
            deals,
            sellers_who_sold,
            cltv,
            shared,
            deal_quota,
            gain,
            shared_rank,
            quota_rank
        from payees
        inner join people using (team, user_id)
        order by team, gain desc, user_id
    """,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path, help="the warehouse that was built from Olist's data")
    with duckdb.connect(str(parser.parse_args().warehouse), read_only=True) as connection:
        connection.execute(PEOPLE)
        connection.execute(PAYEES)
        for title, query in TABLES.items():
            print(f"\n{title}")
            connection.sql(query).show(max_rows=100, max_width=200)
    return 0


if __name__ == "__main__":
    sys.exit(main())
