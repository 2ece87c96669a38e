with

months as (

    select * from {{ ref('metric_months') }}

),

metrics as (

    select * from {{ ref('metric_catalog') }}

),

participants as (

    select * from {{ ref('comp_participants') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

parts as (

    select * from {{ ref('metric_parts') }}

),

slots as (

    -- The company has a row for every metric and month, even without data.
    select
        metrics.metric_name,
        months.month,
        'company' as subject_type,
        'all' as subject_id
    from metrics
    cross join months

    union

    -- Employees who take part in a plan have a row for every paid metric, even without data.
    select
        metrics.metric_name,
        months.month,
        'employee' as subject_type,
        participants.user_id as subject_id
    from participants
    inner join employees
        on participants.user_id = employees.user_id
    inner join months
        on
            participants.valid_from < months.next_month
            and coalesce(participants.valid_to, {{ end_of_time() }}) > months.month
    cross join metrics
    where metrics.is_paid

    union

    select
        parts.metric_name,
        parts.month,
        parts.subject_type,
        parts.subject_id
    from parts

),

measured as (

    select
        slots.*,
        months.is_complete,
        metrics.kind,
        cast(
            case when metrics.kind = 'sum' then coalesce(parts.numerator, 0) else parts.numerator end
            as {{ shown_part_type() }}
        ) as numerator,
        cast(parts.denominator as {{ shown_part_type() }}) as denominator,
        coalesce(parts.n, 0) as n,
        parts.spread,
        parts.quantile,
        parts.quantile_low,
        parts.quantile_high,
        cast(parts.seen as {{ shown_part_type() }}) as seen,
        cast(parts.population as {{ shown_part_type() }}) as population
    from slots
    inner join months
        on slots.month = months.month
    inner join metrics
        on slots.metric_name = metrics.metric_name
    left join parts
        on
            slots.metric_name = parts.metric_name
            and slots.month = parts.month
            and slots.subject_type = parts.subject_type
            and slots.subject_id = parts.subject_id

),

valued as (

    select
        *,
        case kind
            when 'sum' then cast(numerator as {{ double_type() }})
            when 'quantile' then quantile
            when 'nps' then {{ nps('numerator', '0', 'denominator') }}
            else {{ rate_quotient('numerator', 'denominator') }}
        end as value,
        case
            when population is null and n > 0 then 1
            else {{ rate_quotient('seen', 'population') }}
        end as coverage
    from measured

),

final as (

    select
        valued.metric_name,
        valued.month,
        valued.is_complete,
        valued.subject_type,
        valued.subject_id,
        case
            when valued.subject_type = 'company' then 'whole company'
            else coalesce(employees.user_name, campaigns.campaign_name, valued.subject_id)
        end as subject_name,
        valued.numerator,
        valued.denominator,
        valued.n,
        valued.value,
        {{ metric_bound('-', 'quantile_low') }} as ci_low,
        {{ metric_bound('+', 'quantile_high') }} as ci_high,
        valued.coverage
    from valued
    left join employees
        on
            valued.subject_type = 'employee'
            and valued.subject_id = employees.user_id
    left join campaigns
        on
            valued.subject_type = 'campaign'
            and valued.subject_id = campaigns.campaign_id

)

select * from final
