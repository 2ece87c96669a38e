with

responses as (

    select
        about_user_id as user_id,
        responded_at,
        {{ local_day('responded_at') }} as responded_on,
        {{ local_month('responded_at') }} as month
    from {{ ref('fct_survey_responses') }}
    where
        about_user_id is not null
        and {{ local_month('responded_at') }} < {{ local_month(as_of()) }}

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

months as (

    select
        responses.user_id,
        employee_teams.team,
        responses.month,
        max(responses.responded_at) as raised_at,
        {{ dbt.datediff('responses.month', dbt.dateadd('month', 1, 'responses.month'), 'day') }} as days_of_month,
        count(*) as ratings,
        count(case
            when
                responses.responded_on
                >= {{ dbt.dateadd('day', -var('flag_period_end_days'), dbt.dateadd('month', 1, 'responses.month')) }}
                then 1
        end) as late_ratings
    from responses
    inner join employee_teams
        on
            responses.user_id = employee_teams.user_id
            and responses.month >= employee_teams.from_month
            and responses.month < employee_teams.to_month
    group by responses.user_id, employee_teams.team, responses.month

),

with_others as (

    select
        *,
        sum(ratings) over (partition by month) - ratings as other_ratings,
        sum(late_ratings) over (partition by month) - late_ratings as other_late_ratings,
        sum(ratings) over (partition by month, team) - ratings as peer_ratings,
        sum(late_ratings) over (partition by month, team) - late_ratings as peer_late_ratings,
        {{ rate_quotient(var('flag_period_end_days'), 'days_of_month') }} as calendar_share
    from months

),

-- The late share of all other employees in the month raises the expected share, so that a month in which everybody is
-- rated late gives no flag.
expected_of_all as (

    select
        *,
        greatest(
            calendar_share,
            (other_late_ratings + calendar_share) / (other_ratings + 1)
        ) as share_of_all
    from with_others

),

-- The late share of the team raises the expected share too. A team with few ratings is shrunk towards all employees.
expected as (

    select
        *,
        greatest(
            share_of_all,
            (peer_late_ratings + {{ var('flag_min_observations') }} * share_of_all)
            / (peer_ratings + {{ var('flag_min_observations') }})
        ) as expected_share
    from expected_of_all

),

compared as (

    select
        *,
        sqrt(greatest(0, {{ deviance('late_ratings', 'ratings', 'expected_share') }})) as sigmas
    from expected
    where
        ratings >= {{ var('flag_min_observations') }}
        and late_ratings > expected_share * ratings

),

final as (

    select
        'period_end_burst:' || user_id || ':' || cast(month as {{ dbt.type_string() }}) as flag_id,
        'period_end_burst' as flag_type,
        user_id,
        month,
        late_ratings || ' of ' || ratings || ' ratings of the month came in its last '
        || '{{ var("flag_period_end_days") }} days, where a share of '
        || {{ shown_number('expected_share', 2) }} || ' was to be expected: '
        || {{ shown_number('sigmas', 1) }} || ' sigma.' as evidence,
        raised_at
    from compared
    where sigmas >= {{ var('flag_month_sigma') }}

)

select * from final
