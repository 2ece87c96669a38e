{#- The definition of one metric: what it sums of a relation of subjects and months, of which the expressions are SQL.

      numerator, denominator   what is summed, and what that is divided by; null of quantiles, the denominator of sums, too
      n                        how many observations the value rests on
      customers                how many customers these are of, where it is not n
      spread                   squared distances from the mean, summed, for the interval; of nps promoters and detractors
      squares                  squares of the scores, summed, for their credibility
      quantile                 (value, low, high) of a quantile
      seen, population         what is known, and of what: their quotient is the coverage; without them it is 1
      only                     the rows that are the metric's

    A subject has a row where there was something to see. -#}
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
