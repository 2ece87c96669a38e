with

opportunities as (

    select * from {{ ref('fct_opportunities') }}

),

splits as (

    {{ accepted_rows(ref('int_opportunity_splits__resolved')) }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

split_candidates as (

    select
        splits.opportunity_id,
        splits.user_id,
        cast(splits.share as {{ weight_type() }}) as weight,
        sum(splits.share) over (partition by splits.opportunity_id) as whole,
        row_number() over (partition by splits.opportunity_id order by splits.user_id) as candidate_rank,
        count(*) over (partition by splits.opportunity_id) as candidate_count
    from splits
    inner join employees
        on splits.user_id = employees.user_id
    where employees.team = 'sales'

),

candidates as (

    -- the last takes what rounding leaves, but not what a bot has
    select
        opportunity_id,
        'deal_split' as rule,
        candidate_rank,
        user_id,
        case
            when candidate_rank = candidate_count and whole = 1
                then 1 - (sum(weight) over (partition by opportunity_id) - weight)
            else weight
        end as weight,
        'crm.opportunity_splits' as source_table,
        opportunity_id || ':' || user_id as source_id
    from split_candidates

    union all

    select
        opportunities.opportunity_id,
        'deal_owner' as rule,
        coalesce(split_deals.candidate_count, 0) + 1 as candidate_rank,
        opportunities.owner_user_id as user_id,
        case when split_deals.opportunity_id is null then 1 else 0 end as weight,
        'crm.opportunities' as source_table,
        opportunities.opportunity_id as source_id
    from opportunities
    inner join employees
        on opportunities.owner_user_id = employees.user_id
    left join split_candidates as split_deals
        on opportunities.opportunity_id = split_deals.opportunity_id and split_deals.candidate_rank = 1

),

final as (

    select
        opportunity_id,
        rule,
        candidate_rank,
        user_id,
        cast(weight as {{ weight_type() }}) as weight,
        source_table,
        source_id
    from candidates

)

select * from final
