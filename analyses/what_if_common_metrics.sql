-- The scenario deal_quota pays only for closed deals. The answers show how much more or less the actual plans pay. The
-- current month is left out, because its figures are not complete yet.
{%- set answers = {
    'what would it cost': ("cost_answer", "gain"),
    'who would gain': ("gainers || ' of ' || payees", "gained"),
    'who would lose': ("losers || ' of ' || payees", "lost"),
    'who would gain most': ("most_gained_by", "most_gained"),
    'who would lose most': ("most_lost_by", "most_lost"),
    'whose rank changes': ("moved || ' of ' || payees", "farthest_move"),
} %}
with

customer_months as (

    select * from {{ ref('customer_months') }}

),

what_if as (

    select * from {{ ref('comp_what_if') }}
    where
        scenario = 'deal_quota'
        and period < (select max(customer_months.month) from customer_months)

),

payees as (

    select
        team,
        user_id,
        sum(actual_payout) as shared_pay,
        sum(scenario_payout) as quota_pay,
        sum(actual_payout) - sum(scenario_payout) as gain
    from what_if
    group by team, user_id

),

grouped as (

    select * from payees

    union all

    select
        'both' as team,
        user_id,
        shared_pay,
        quota_pay,
        gain
    from payees

),

ranked as (

    select
        *,
        rank() over (partition by team order by shared_pay desc) as shared_rank,
        rank() over (partition by team order by quota_pay desc) as quota_rank,
        row_number() over (partition by team order by gain desc, user_id asc) as gain_number,
        row_number() over (partition by team order by gain asc, user_id asc) as loss_number
    from grouped

),

teams as (

    select
        team,
        count(*) as payees,
        sum(quota_pay) as quota_pay,
        sum(gain) as gain,
        sum(case when gain > 0 then 1 else 0 end) as gainers,
        sum(case when gain > 0 then gain else 0 end) as gained,
        sum(case when gain < 0 then 1 else 0 end) as losers,
        sum(case when gain < 0 then gain else 0 end) as lost,
        max(case when gain_number = 1 and gain > 0 then user_id end) as most_gained_by,
        max(case when gain_number = 1 and gain > 0 then gain end) as most_gained,
        max(case when loss_number = 1 and gain < 0 then user_id end) as most_lost_by,
        max(case when loss_number = 1 and gain < 0 then gain end) as most_lost,
        sum(case when shared_rank <> quota_rank then 1 else 0 end) as moved,
        max(abs(shared_rank - quota_rank)) as farthest_move
    from ranked
    group by team

),

worded as (

    select
        *,
        cast(
            cast({{ rate_quotient('100 * abs(gain)', 'quota_pay') }} as decimal(9, 1)) as {{ dbt.type_string() }}
        ) || case when gain < 0 then ' % less' else ' % more' end as cost_answer
    from teams

),

final as (

    {% for question, (answer, figure) in answers.items() -%}
    select
        team,
        {{ loop.index }} as question_number,
        '{{ question }}' as question,
        {{ answer }} as answer,
        cast({{ figure }} as {{ money_type() }}) as figure
    from worded
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}
)

select
    team,
    question,
    answer,
    figure
from final
order by team, question_number
