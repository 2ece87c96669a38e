{#- The definition of one metric: a query that sums a relation which has a row per subject, side and month. The
    arguments are SQL expressions:

      numerator, denominator   the sums whose quotient is the value; both null of a quantile, the denominator of a sum
      n                        number of observations on which the value rests
      customers                number of customers behind them, if it is not n
      spread                   of a mean the sum of squared distances from it, for the interval; of nps promoters plus
                               detractors
      squares                  sum of the squared scores, for the credibility
      quantile                 (value, low, high) of a quantile
      seen, population         the known part and the whole; their quotient is the coverage, which is 1 without them
      only                     the condition for rows of this metric

    A subject has a row if it has an observation (n) or a population. -#}
{% macro define_metric(
    metric_name, relation, n, numerator='null', denominator='null', customers=none, spread='null', squares='null',
    quantile=('null', 'null', 'null'), seen='null', population='null', only='true'
) -%}
    select
        '{{ metric_name }}' as metric_name,
        month,
        subject_type,
        subject_id,
        side,
        cast({{ numerator }} as {{ metric_part_type() }}) as numerator,
        cast({{ denominator }} as {{ metric_part_type() }}) as denominator,
        cast({{ n }} as bigint) as n,
        cast({{ customers or n }} as bigint) as n_customers,
        cast({{ spread }} as {{ double_type() }}) as spread,
        cast({{ squares }} as {{ square_type() }}) as squares,
        cast({{ quantile[0] }} as {{ double_type() }}) as quantile,
        cast({{ quantile[1] }} as {{ double_type() }}) as quantile_low,
        cast({{ quantile[2] }} as {{ double_type() }}) as quantile_high,
        cast({{ seen }} as {{ metric_part_type() }}) as seen,
        cast({{ population }} as {{ metric_part_type() }}) as population
    from {{ relation }}
    where {{ only }} and ({{ n }} > 0 or {{ population }} <> 0)
{%- endmacro %}
