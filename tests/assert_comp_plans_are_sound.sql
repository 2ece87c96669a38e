-- Guards comp_plans in rules_contract.yml: a faulty plan pays nobody.
with

plans as (

    select * from {{ ref('comp_plans') }}

),

versions as (

    select
        scenario,
        plan_id,
        plan_version,
        team,
        sum(weight) as weight,
        min(valid_from) as valid_from,
        max(coalesce(valid_to, cast('9999-12-31' as date))) as valid_to
    from plans
    group by scenario, plan_id, plan_version, team

),

days as (

    select
        scenario,
        plan_id,
        plan_version,
        min(valid_from) as valid_from,
        max(valid_from) as latest_valid_from,
        min(coalesce(valid_to, cast('9999-12-31' as date))) as earliest_valid_to,
        max(coalesce(valid_to, cast('9999-12-31' as date))) as valid_to
    from plans
    group by scenario, plan_id, plan_version

),

teams as (

    select
        scenario,
        plan_id,
        plan_version,
        metric_name,
        min(team) as team,
        count(distinct team) as teams
    from plans
    where team in ('marketing', 'sales')
    group by scenario, plan_id, plan_version, metric_name

)

select
    {{ plan_row('versions') }} || ': the weights sum to ' || {{ shown_number('versions.weight', 6) }}
    || ', not to 1.' as fault
from versions
where versions.weight <> 1

union all

select
    'comp_plans.csv: plan ' || plan_id || ', version ' || plan_version
    || ': its rows, of both teams, do not all have the same valid_from and valid_to.' as fault
from days
where valid_from <> latest_valid_from or earliest_valid_to <> valid_to

union all

select {{ plan_row('versions') }} || ': valid_to is not after valid_from.' as fault
from versions
where valid_to <= valid_from

union all

select
    {{ plan_row('versions') }} || ': it holds from ' || versions.valid_from || ', when version ' || others.plan_version
    || ' still holds; the versions of a plan may not overlap.' as fault
from versions
inner join versions as others
    on
        versions.scenario = others.scenario
        and versions.plan_id = others.plan_id
        and versions.team = others.team
        and versions.plan_version <> others.plan_version
        and versions.valid_from >= others.valid_from
        and versions.valid_from < others.valid_to

union all

select
    {{ plan_row('teams') }} || ', metric ' || teams.metric_name
    || ': only this team has it; marketing and sales must share every metric.' as fault
from teams
where teams < 2

union all

select
    {{ plan_row('plans') }} || ', metric ' || plans.metric_name || ': '
    || case
        when plans.weight < 0 or plans.weight > 1 then 'the weight must be from 0 to 1.'
        when plans.target <= 0 then 'the target must be above 0.'
        when plans.cap < 1 then 'the cap must be 1 or more, so that the target can be attained.'
        else 'the accelerated rate must not be negative.'
    end as fault
from plans
where
    plans.weight < 0
    or plans.weight > 1
    or plans.target <= 0
    or plans.cap < 1
    or plans.accelerated_rate < 0
