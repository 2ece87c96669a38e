with

stretches as (

    select * from {{ ref('account_sales_stretches') }}

),

deal_credits as (

    select * from {{ ref('deal_credits') }}

),

marketing as (

    select * from {{ ref('account_marketing_credits') }}

),

-- who brought a customer stays who brought it
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

final as (

    select
        credits.account_id,
        credits.side,
        credits.valid_from,
        credited.valid_to,
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

)

select * from final
