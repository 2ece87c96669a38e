{%- set families = ['metric_money', 'metric_customers', 'metric_shares', 'metric_waits', 'metric_usage'] -%}
with

months as (

    select distinct month
    from {{ ref('customer_months') }}

),

metrics as (
    {% for metric_name, kind in metric_kinds().items() %}
    select
        '{{ metric_name }}' as metric_name,
        '{{ kind }}' as kind
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

totals as (
    {% for family in families %}
    select * from {{ ref(family) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- the company has every metric in every month
slots as (

    select
        metrics.metric_name,
        months.month,
        'company' as subject_type,
        'all' as subject_id
    from metrics
    cross join months

    union

    select
        totals.metric_name,
        totals.month,
        totals.subject_type,
        totals.subject_id
    from totals
    inner join months
        on totals.month = months.month

),

valued as (

    select
        slots.*,
        metrics.kind,
        case when metrics.kind = 'sum' then coalesce(totals.numerator, 0) else totals.numerator end as numerator,
        totals.denominator,
        coalesce(totals.n, 0) as n,
        totals.squares,
        totals.quantile_low,
        totals.quantile_high,
        case metrics.kind
            when 'sum' then cast(coalesce(totals.numerator, 0) as {{ double_type() }})
            when 'quantile' then totals.quantile
            when 'nps' then {{ nps('totals.numerator', '0', 'totals.denominator') }}
            else {{ rate_quotient('totals.numerator', 'totals.denominator') }}
        end as value,
        case
            when totals.population is null and totals.n > 0 then 1
            else {{ rate_quotient('totals.seen', 'totals.population') }}
        end as coverage
    from slots
    inner join metrics
        on slots.metric_name = metrics.metric_name
    left join totals
        on
            slots.metric_name = totals.metric_name
            and slots.month = totals.month
            and slots.subject_type = totals.subject_type
            and slots.subject_id = totals.subject_id

),

final as (

    select
        metric_name,
        month,
        subject_type,
        subject_id,
        numerator,
        denominator,
        n,
        value,
        {%- for sign, bound in {'-': 'low', '+': 'high'}.items() %}
        case
            when n = 0 then null
            when kind = 'proportion' then {{ wilson_bound(sign, 'value', 'n') }}
            when kind = 'mean' then value {{ sign }} {{ z_95() }} * sqrt({{ rate_quotient('squares', 'n - 1') }} / n)
            when kind = 'nps' then {{ nps_bound(sign, '(squares + numerator) / 2', '(squares - numerator) / 2', 'n') }}
            when kind = 'quantile' then quantile_{{ bound }}
        end as ci_{{ bound }},
        {%- endfor %}
        coverage
    from valued

)

select * from final
