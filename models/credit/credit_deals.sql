with

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

splits as (

    select * from {{ ref('int_opportunity_splits__counted') }}
    where team = 'sales'

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

marketing as (

    select * from {{ ref('credit_marketing') }}

),

split_shares as (

    select
        splits.opportunity_id,
        splits.user_id,
        splits.counted_share,
        users.is_bot
    from splits
    inner join users
        on splits.user_id = users.user_id

),

shares as (

    select
        opportunity_id,
        'deal_split' as rule,
        user_id,
        cast(counted_share as {{ share_type() }}) as weight,
        opportunity_id || ':' || user_id as source_id
    from split_shares
    where not is_bot

    union all

    -- the share of bots stays uncredited and does not pass to the owner or the account
    select
        opportunity_id,
        'uncredited' as rule,
        cast(null as {{ dbt.type_string() }}) as user_id,
        cast(sum(counted_share) as {{ share_type() }}) as weight,
        cast(null as {{ dbt.type_string() }}) as source_id
    from split_shares
    where is_bot
    group by opportunity_id

),

share_counts as (

    select
        opportunity_id,
        count(*) as candidates
    from shares
    group by opportunity_id

),

candidates as (

    select
        opportunity_id,
        'sales' as side,
        rule,
        row_number() over (partition by opportunity_id order by user_id nulls last) as candidate_rank,
        user_id,
        weight,
        case when rule = 'deal_split' then 'crm.opportunity_splits' end as source_table,
        source_id
    from shares

    union all

    select
        opportunities.opportunity_id,
        'sales' as side,
        'deal_owner' as rule,
        coalesce(share_counts.candidates, 0) + 1 as candidate_rank,
        opportunities.owner_at_close_user_id as user_id,
        cast(case when share_counts.opportunity_id is null then 1 else 0 end as {{ share_type() }}) as weight,
        'crm.opportunities' as source_table,
        opportunities.opportunity_id as source_id
    from opportunities
    inner join users
        on opportunities.owner_at_close_user_id = users.user_id
    left join share_counts
        on opportunities.opportunity_id = share_counts.opportunity_id
    where not users.is_bot

    union all

    -- the marketing credit of a deal is that of its account
    select
        opportunities.opportunity_id,
        'marketing' as side,
        marketing.rule,
        row_number() over (
            partition by opportunities.opportunity_id
            order by marketing.rule_number, marketing.candidate_rank
        ) as candidate_rank,
        marketing.user_id,
        cast(marketing.weight as {{ share_type() }}) as weight,
        marketing.source_table,
        marketing.source_id
    from opportunities
    inner join marketing
        on opportunities.account_id = marketing.account_id

),

final as (

    select
        opportunity_id,
        side,
        rule,
        candidate_rank,
        user_id,
        weight,
        source_table,
        source_id
    from candidates

)

select * from final
