{#- The Kaplan-Meier curve of the time until an event, one row per group and observed duration:

      groups        the columns of `groups`
      duration
      at_risk       size of the at-risk set: observations of at least this duration
      events        number of observations that end at this duration with the event
      censored      number of observations that are censored at this duration; they count as at risk for its events
      survival      share that waits longer than this duration
      survival_low, survival_high
                    bounds of the 95 % confidence interval of survival, by the exponential Greenwood formula

    `observations` is a relation with the columns of `groups` (a list of names), duration, and the numbers of events and
    censored. A row with 0 in both asks for the curve at a duration at which no observation ends. Logarithms are summed
    as decimals, so that the last digit does not depend on the order of the rows. -#}
{% macro survival_curve(observations, groups) %}
{%- set group_columns = groups | join(', ') -%}
{%- set exact = 'decimal(38, 20)' -%}
with

observations as (

    select * from {{ observations }}

),

counted as (

    select
        {{ group_columns }},
        duration,
        cast(sum(events) as bigint) as events,
        cast(sum(censored) as bigint) as censored
    from observations
    group by {{ group_columns }}, duration

),

exposed as (

    select
        *,
        cast(sum(events + censored) over (
            partition by {{ group_columns }}
            order by duration desc
            rows between unbounded preceding and current row
        ) as bigint) as at_risk
    from counted

),

-- After an event of the whole at-risk set the curve and both bounds are 0 (is_end); the logarithm of 0 is left out of
-- the sum.
summed as (

    select
        *,
        max(case when events > 0 and events = at_risk then 1 else 0 end) over (
            partition by {{ group_columns }}
            order by duration
            rows between unbounded preceding and current row
        ) = 1 as is_end,
        sum(case
            when events < at_risk then cast(ln({{ rate_quotient('at_risk - events', 'at_risk') }}) as {{ exact }})
        end) over (
            partition by {{ group_columns }}
            order by duration
            rows between unbounded preceding and current row
        ) as log_survival,
        sum(case
            when events < at_risk
                then cast({{ rate_quotient('events', 'at_risk') }} / (at_risk - events) as {{ exact }})
        end) over (
            partition by {{ group_columns }}
            order by duration
            rows between unbounded preceding and current row
        ) as greenwood
    from exposed

),

estimated as (

    select
        *,
        case when is_end then 0 else exp(cast(coalesce(log_survival, 0) as {{ double_type() }})) end as survival,
        case
            when not is_end and log_survival < 0 then exp(
                {{ z_95() }} * sqrt(cast(greenwood as {{ double_type() }})) / cast(log_survival as {{ double_type() }})
            )
        end as stretch
    from summed

)

select
    {{ group_columns }},
    duration,
    at_risk,
    events,
    censored,
    survival,
    coalesce(power(survival, 1 / stretch), survival) as survival_low,
    coalesce(power(survival, stretch), survival) as survival_high
from estimated
{% endmacro %}


{#- Aggregate over a curve: the first duration by which the event has come for `share` of the observations, or the
    same for a bound of the curve; null if the curve does not fall that low. The tolerance treats values as equal
    that differ only by rounding. -#}
{% macro survival_quantile(share, curve='survival') -%}
    min(case when {{ curve }} <= 1 - {{ share }} + 1e-12 then duration end)
{%- endmacro %}


{#- The quantile of the normal distribution for a 95 % confidence interval. -#}
{% macro z_95() -%}
    1.959963985
{%- endmacro %}


{#- A running sum of shares. It sums decimals, so that it does not depend on how the engine adds the rows. -#}
{% macro running_share(share, group, order_column) -%}
    cast(sum(cast(coalesce({{ share }}, 0) as decimal(38, 20))) over (
        partition by {{ group }}
        order by {{ order_column }}
        rows between unbounded preceding and current row
    ) as {{ double_type() }})
{%- endmacro %}
