{#- The Kaplan-Meier curve of waiting until something happens, one row per group and observed duration:

      groups        as given
      duration
      at_risk       observations of at least this duration
      events        of them, those that end here because it happened
      censored      of them, those of which no more is known; they count as at risk until after the events
      survival      the share that waits longer
      survival_low, survival_high
                    its 95 % interval, the exponential Greenwood one

    `observations` is a relation with the columns of `groups` (names), duration, and the numbers of events and censored; rows with 0
    of both ask for the curve at a duration at which nothing ends. Sums of logarithms are decimals, so that their last digit does
    not depend on the order of rows. -#}
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

-- where nobody is left the curve is at 0, and so is its interval
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


{#- An aggregate over a curve: the first duration at which it, or a bound of its interval, has come down so far that the share
    is over; null where it does not. Steps that are equal but for rounding are equal. -#}
{% macro survival_quantile(share, curve='survival') -%}
    min(case when {{ curve }} <= 1 - {{ share }} + 1e-12 then duration end)
{%- endmacro %}


{#- The normal quantile of every 95 % interval. -#}
{% macro z_95() -%}
    1.959963985
{%- endmacro %}


{#- A running sum of shares, by decimals for the same reason. -#}
{% macro running_share(share, group, order_column) -%}
    cast(sum(cast(coalesce({{ share }}, 0) as decimal(38, 20))) over (
        partition by {{ group }}
        order by {{ order_column }}
        rows between unbounded preceding and current row
    ) as {{ double_type() }})
{%- endmacro %}
