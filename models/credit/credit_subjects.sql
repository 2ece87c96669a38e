with

accounts as (

    select
        account_id,
        {{ segment_name('segment') }} as segment,
        coalesce(acquisition_channel, '(none)') as channel
    from {{ ref('dim_customers') }}

),

attribution as (

    select * from {{ ref('customer_attribution') }}
    where attribution_model = '{{ var("credit_attribution_model") }}'

),

credits as (

    select * from {{ ref('credit_accounts') }}
    where
        weight > 0
        and user_id is not null
        and from_month is not null
        and (to_month is null or from_month < to_month)

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

-- subjects for which an account counts in every month
lasting as (

    -- facts without an account count for the company, under an empty account_id that no account has
    select
        'company' as subject_type,
        'all' as subject_id,
        '' as account_id,
        cast(1 as {{ share_type() }}) as weight

    union all

    select
        'company' as subject_type,
        'all' as subject_id,
        account_id,
        1 as weight
    from accounts

    union all

    select
        'segment' as subject_type,
        segment as subject_id,
        account_id,
        1 as weight
    from accounts

    union all

    select
        'channel' as subject_type,
        channel as subject_id,
        account_id,
        1 as weight
    from accounts

    union all

    -- an account without attribution (a prospect) counts as unattributed, so that campaigns sum to the company
    select
        'campaign' as subject_type,
        coalesce(attribution.campaign_id, 'unattributed') as subject_id,
        accounts.account_id,
        coalesce(attribution.weight, 1) as weight
    from accounts
    left join attribution
        on accounts.account_id = attribution.account_id

),

memberships as (

    select
        subject_type,
        subject_id,
        'both' as side,
        account_id,
        weight,
        cast({{ beginning_of_time() }} as date) as from_month,
        cast(null as date) as to_month,
        cast({{ beginning_of_time() }} as date) as team_from_month,
        {{ end_of_time() }} as team_to_month
    from lasting

    union all

    select
        'team' as subject_type,
        side as subject_id,
        side,
        account_id,
        weight,
        from_month,
        to_month,
        cast({{ beginning_of_time() }} as date) as team_from_month,
        {{ end_of_time() }} as team_to_month
    from credits

    union all

    -- an employee counts only on the side of their team in the month; credit on the other side counts for that team
    -- alone
    select
        'employee' as subject_type,
        credits.user_id as subject_id,
        credits.side,
        credits.account_id,
        credits.weight,
        credits.from_month,
        credits.to_month,
        employee_teams.from_month as team_from_month,
        employee_teams.to_month as team_to_month
    from credits
    inner join employee_teams
        on
            credits.user_id = employee_teams.user_id
            and credits.side = {{ side_of('employee_teams.team') }}

),

final as (

    select
        subject_type,
        subject_id,
        side,
        account_id,
        from_month,
        to_month,
        team_from_month,
        team_to_month,
        cast(sum(weight) as {{ share_type() }}) as weight
    from memberships
    where weight > 0
    group by subject_type, subject_id, side, account_id, from_month, to_month, team_from_month, team_to_month

)

select * from final
