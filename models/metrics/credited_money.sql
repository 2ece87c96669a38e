{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

contributions as (

    select * from {{ ref('contrib_money') }}

),

transaction_credits as (

    select * from {{ ref('credit_transactions') }}
    where weight > 0 and user_id is not null

),

deal_credits as (

    select * from {{ ref('credit_deals') }}
    where weight > 0 and user_id is not null

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

credits as (

    select
        'marts.fct_transactions' as source_table,
        transaction_id as source_id,
        side,
        user_id,
        rule,
        candidate_rank,
        weight,
        source_table as credit_table,
        source_id as credit_id
    from transaction_credits

    union all

    select
        'marts.fct_opportunities' as source_table,
        opportunity_id as source_id,
        side,
        user_id,
        rule,
        candidate_rank,
        weight,
        source_table as credit_table,
        source_id as credit_id
    from deal_credits

),

final as (

    select
        contributions.source_table,
        contributions.source_id,
        contributions.account_id,
        contributions.month,
        contributions.credit_at,
        credits.side,
        credits.user_id,
        -- Credit on the side of the other team counts for that team only, not for the employee. The team is that
        -- of the month's last day.
        case when credits.side = {{ side_of('employee_teams.team') }} then credits.user_id end as employee_id,
        credits.rule,
        credits.candidate_rank,
        credits.credit_table,
        credits.credit_id,
        credits.weight,
        contributions.growth_amount,
        contributions.new_amount,
        contributions.repeat_amount,
        contributions.cross_sell_amount,
        contributions.up_sell_amount,
        contributions.charged_amount,
        contributions.reversed_amount,
        contributions.booked_amount
    from contributions
    inner join credits
        on contributions.source_table = credits.source_table and contributions.source_id = credits.source_id
    left join employee_teams
        on
            credits.user_id = employee_teams.user_id
            and contributions.month >= employee_teams.from_month
            and contributions.month < employee_teams.to_month

)

select * from final
