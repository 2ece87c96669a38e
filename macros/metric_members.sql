{#- Joins facts that have an account_id (null: of no account) and a month to the subjects that they count for then.
    -#}
{% macro metric_members(facts) -%}
    inner join {{ ref('metric_memberships') }} as members
        on
            coalesce({{ facts }}.account_id, '') = members.account_id
            and {{ facts }}.month >= members.from_month
            and (members.to_month is null or members.to_month > {{ facts }}.month)
{%- endmacro %}


{#- One row for each metric of each row of a relation of subjects and months: `metrics` maps a metric's name to the
    expressions of its columns (models/metrics/shared); of which those that a metric does not have are null. -#}
{% macro metric_rows(relation, metrics) -%}
    {% for metric_name, expressions in metrics.items() %}
    select
        '{{ metric_name }}' as metric_name,
        month,
        subject_type,
        subject_id,
        {{ metric_columns(expressions) }}
    from {{ relation }}
    where {{ expressions.get('population', expressions['n']) }} <> 0 or {{ expressions['n'] }} > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- What a metric has of a subject in a month before its interval is worked out, from the expressions of its columns:
    those that it lacks are null. `squares` is the sum of squared distances from the mean, of nps promoters and
    detractors together; coverage is seen / population. -#}
{% macro metric_columns(expressions) -%}
    {%- set data_types = {
        'numerator': metric_part_type(),
        'denominator': metric_part_type(),
        'n': 'bigint',
        'squares': double_type(),
        'quantile': double_type(),
        'quantile_low': double_type(),
        'quantile_high': double_type(),
        'seen': metric_part_type(),
        'population': metric_part_type(),
    } -%}
    {%- for column, data_type in data_types.items() %}
        cast({{ expressions.get(column, 'null') }} as {{ data_type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- A numerator or denominator: exact for weights of 12 places times cents. -#}
{% macro metric_part_type() -%}
    decimal(38, 14)
{%- endmacro %}


{#- Every metric, and of which kind it is: that decides its value and its interval. -#}
{% macro metric_kinds() -%}
    {{ return({
        'cltv_growth': 'sum',
        'new_revenue': 'sum',
        'cross_sell': 'sum',
        'up_sell': 'sum',
        'repeat_revenue': 'sum',
        'reversal_rate': 'ratio',
        'gross_retention': 'ratio',
        'net_retention': 'ratio',
        'csat': 'mean',
        'nps': 'nps',
        'touch_rating': 'mean',
        'first_response_median': 'quantile',
        'first_response_p90': 'quantile',
        'resolution_median': 'quantile',
        'daily_active_users': 'mean',
        'stickiness': 'ratio',
        'time_to_value_90': 'proportion',
        'outcomes_on_time': 'proportion',
        'success_score': 'mean',
        'ppp': 'sum',
        'ppp_yield': 'ratio',
        'recommend_stated': 'proportion',
        'recommend_realised': 'proportion',
        'handoff_latency_median': 'quantile',
        'handoff_drop_rate': 'proportion',
        'rating_compliance': 'proportion',
    }) }}
{%- endmacro %}


{#- The sum of squared distances from the mean, from the sums of squares and of values of n scores from 0 to 1:
    decimals throughout, so that nothing is lost where all are the same. -#}
{% macro squares_about_mean(squares, total, n) -%}
    {%- set mean = score_quotient(total, n) -%}
    {{ squares }} - 2 * {{ mean }} * {{ total }} + {{ n }} * {{ mean }} * {{ mean }}
{%- endmacro %}
