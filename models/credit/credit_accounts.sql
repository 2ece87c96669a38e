with

stretches as (

    select * from {{ ref('credit_sales_stretches') }}

),

deal_credits as (

    select * from {{ ref('credit_deals') }}
    where side = 'sales'

),

marketing as (

    select * from {{ ref('credit_marketing') }}

),

-- marketing credit never changes, so it has one stretch for all time
credited as (

    select
        account_id,
        'sales' as side,
        valid_from,
        valid_to
    from stretches

    union all

    select
        account_id,
        'marketing' as side,
        valid_from,
        null as valid_to
    from stretches
    where valid_from = {{ beginning_of_time() }}

),

deals as (

    select
        stretches.account_id,
        stretches.valid_from,
        deal_credits.candidate_rank,
        deal_credits.user_id,
        deal_credits.weight,
        deal_credits.source_table,
        deal_credits.source_id
    from stretches
    inner join deal_credits
        on stretches.opportunity_id = deal_credits.opportunity_id

),

candidates as (

    select
        account_id,
        valid_from,
        'marketing' as side,
        rule_number,
        rule,
        candidate_rank,
        user_id,
        weight,
        source_table,
        source_id
    from marketing

    union all

    select
        account_id,
        valid_from,
        'sales' as side,
        3 as rule_number,
        'latest_won_deal' as rule,
        candidate_rank,
        user_id,
        weight,
        source_table,
        source_id
    from deals
    where user_id is not null

    union all

    select
        stretches.account_id,
        stretches.valid_from,
        'sales' as side,
        4 as rule_number,
        'assigned_sales' as rule,
        1 as candidate_rank,
        stretches.assigned_user_id as user_id,
        case when deals.account_id is null then 1 else 0 end as weight,
        'crm.account_assignments' as source_table,
        stretches.assignment_id as source_id
    from stretches
    left join deals
        on
            stretches.account_id = deals.account_id
            and stretches.valid_from = deals.valid_from
            and deals.candidate_rank = 1
    where stretches.assigned_user_id is not null

),

{{ with_uncredited(['account_id', 'valid_from']) }},

-- a customer is credited for a month as of its last moment, so a stretch has the months whose last moment lies in it,
-- from the month of the first charge on
final as (

    select
        credits.account_id,
        credits.side,
        credits.valid_from,
        credited.valid_to,
        case
            when credits.valid_from <= {{ as_of() }} and customers.acquired_at is not null
                then {{ local_month('greatest(credits.valid_from, customers.acquired_at)') }}
        end as from_month,
        case when credited.valid_to <= {{ as_of() }} then {{ local_month('credited.valid_to') }} end as to_month,
        credits.rule,
        credits.candidate_rank,
        credits.user_id,
        credits.weight,
        credits.source_table,
        credits.source_id
    from credits
    inner join credited
        on
            credits.account_id = credited.account_id
            and credits.side = credited.side
            and credits.valid_from = credited.valid_from
    left join {{ ref('dim_customers') }} as customers
        on credits.account_id = customers.account_id

)

select * from final
