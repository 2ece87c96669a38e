{{ config(materialized='view') }}

with

scenario_plans as (

    select distinct
        scenario,
        plan_id
    from {{ ref('comp_plans') }}

),

participants as (

    select * from {{ ref('comp_participants') }}

),

actual_stretches as (

    select * from {{ ref('comp_actual_stretches') }}

),

-- Stretches that overlap or meet are merged into one, because otherwise a participant would take part in a what-if more
-- than once on one day. A stretch that begins after all earlier stretches have ended starts a new merged one.
marked as (

    select
        *,
        case
            when valid_from <= max(valid_to) over (
                partition by user_id
                order by valid_from, valid_to, plan_id, plan_version
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as is_new
    from actual_stretches

),

numbered as (

    select
        *,
        sum(is_new) over (
            partition by user_id
            order by valid_from, valid_to, plan_id, plan_version
            rows between unbounded preceding and current row
        ) as stretch_number
    from marked

),

paid_days as (

    select
        user_id,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by user_id, stretch_number

),

own_participants as (

    select
        scenario_plans.scenario,
        participants.user_id,
        participants.plan_id,
        participants.target_pay,
        participants.valid_from,
        coalesce(participants.valid_to, {{ end_of_time() }}) as valid_to
    from scenario_plans
    inner join participants
        on scenario_plans.plan_id = participants.plan_id

),

participations as (

    select * from own_participants
    where scenario = 'actual'

    union all

    -- a what-if with listed participants is restricted to the days on which an actual plan pays them
    select
        own_participants.scenario,
        own_participants.user_id,
        own_participants.plan_id,
        own_participants.target_pay,
        greatest(own_participants.valid_from, paid_days.valid_from) as valid_from,
        least(own_participants.valid_to, paid_days.valid_to) as valid_to
    from own_participants
    inner join paid_days
        on own_participants.user_id = paid_days.user_id
    where own_participants.scenario <> 'actual'

    union all

    -- a what-if without listed participants has all payees of the actual plans, at their actual target pay
    select
        scenario_plans.scenario,
        actual_stretches.user_id,
        scenario_plans.plan_id,
        actual_stretches.target_pay,
        actual_stretches.valid_from,
        actual_stretches.valid_to
    from scenario_plans
    cross join actual_stretches
    where
        scenario_plans.scenario <> 'actual'
        and scenario_plans.scenario not in (select named.scenario from own_participants as named)

),

final as (

    select
        scenario,
        user_id,
        plan_id,
        target_pay,
        valid_from,
        valid_to
    from participations
    where valid_from < valid_to

)

select * from final
