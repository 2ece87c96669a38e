-- Guards "The shared metrics" in docs/metrics.md: metric_values has the same figures of the company as the relations
-- that show them in detail. Metrics of the state of customers are compared in the month of as_of.
with

metric_values as (

    select * from {{ ref('metric_values') }}
    where subject_type = 'company'

),

customers as (

    select
        coalesce(sum(ppp), 0) as ppp,
        avg(success_score) as success_score
    from {{ ref('customer_lifetime') }}

),

recommendations as (

    select * from {{ ref('recommendations') }}
    where subject_type = 'company'

),

ticket_times as (

    select * from {{ ref('ticket_times') }}
    where subject_type = 'company' and month is not null

),

active_users as (

    select * from {{ ref('active_users') }}
    where subject_type = 'company' and period = 'month'

),

retention as (

    select * from {{ ref('subscription_retention') }}
    where segment = 'all'

),

handoffs as (

    select
        month,
        {{ rate_quotient('sum(dropped)', 'sum(matured)') }} as drop_rate
    from {{ ref('handoff_performance') }}
    group by month

),

due_touches as (

    select
        {{ local_month('occurred_at') }} as month,
        {{ rate_quotient('count(case when is_rating_invited_in_time then 1 end)', 'count(*)') }} as compliance
    from {{ ref('fct_touches') }}
    where is_rating_due and {{ rating_window_end('occurred_at') }} <= {{ as_of() }}
    group by {{ local_month('occurred_at') }}

),

expected as (
    {% set months = [
        ('daily_active_users', 'active_users', 'starts_on', 'mean_daily_active_users'),
        ('stickiness', 'active_users', 'starts_on', 'stickiness'),
        ('gross_retention', 'retention', 'month', 'gross_retention'),
        ('net_retention', 'retention', 'month', 'net_retention'),
        ('handoff_drop_rate', 'handoffs', 'month', 'drop_rate'),
        ('rating_compliance', 'due_touches', 'month', 'compliance'),
    ] %}
    {%- for metric_name, relation, month, value in months %}
    select
        '{{ metric_name }}' as metric_name,
        {{ month }} as month,
        {{ value }} as value
    from {{ relation }}

    union all
    {% endfor %}
    {%- for metric_name, measure, value in [
        ('first_response_median', 'first_response', 'median_minutes'),
        ('first_response_p90', 'first_response', 'p90_minutes'),
        ('resolution_median', 'resolution', 'median_minutes'),
    ] %}
    select
        '{{ metric_name }}' as metric_name,
        month,
        {{ value }} as value
    from ticket_times
    where measure = '{{ measure }}'

    union all
    {% endfor %}
    {%- for metric_name, relation, value in [
        ('ppp', 'customers', 'ppp'),
        ('success_score', 'customers', 'success_score'),
        ('recommend_stated', 'recommendations', 'stated_rate'),
        ('recommend_realised', 'recommendations', 'realised_rate'),
    ] %}
    select
        '{{ metric_name }}' as metric_name,
        {{ local_month(as_of()) }} as month,
        {{ value }} as value
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        metric_values.metric_name,
        metric_values.month,
        metric_values.value as found,
        expected.value as expected
    from metric_values
    inner join expected
        on metric_values.metric_name = expected.metric_name and metric_values.month = expected.month

)

select * from final
where
    (found is null) <> (expected is null)
    or abs(found - expected) > 1e-9 * greatest(1, abs(expected))
