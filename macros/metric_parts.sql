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
{% macro metric_part(
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


{#- A bound ('-' or '+') of the 95 % interval of a metric by its kind, from value, n, numerator, spread and the bound of its quantile;
    null of money and its ratios. -#}
{% macro metric_bound(sign, quantile) -%}
    case
            when n = 0 then null
            when kind = 'proportion' then {{ wilson_bound(sign, 'value', 'n') }}
            when kind = 'mean' then value {{ sign }} {{ z_95() }} * sqrt({{ rate_quotient('spread', 'n - 1') }} / n)
            when kind = 'nps' then {{ nps_bound(sign, '(spread + numerator) / 2', '(spread - numerator) / 2', 'n') }}
            when kind = 'quantile' then {{ quantile }}
        end
{%- endmacro %}


{#- The sum of squared distances from the mean, from the sums of squares and of values of n scores from 0 to 1:
    decimals throughout, so that nothing is lost where all are the same. -#}
{% macro squares_about_mean(squares, total, n) -%}
    {%- set mean = score_quotient(total, n) -%}
    {{ squares }} - 2 * {{ mean }} * {{ total }} + {{ n }} * {{ mean }} * {{ mean }}
{%- endmacro %}


{#- The side on which a member of a team is credited. -#}
{% macro side_of(team) -%}
    case when {{ team }} = 'marketing' then 'marketing' else 'sales' end
{%- endmacro %}


{#- The same for scores of which the credibility is asked (M4), rounded once. -#}
{% macro spread_of_scores(squares, total, n) -%}
    cast({{ squares_about_mean(squares, 'cast(' ~ total ~ ' as ' ~ score_type() ~ ')', n) }} as decimal(38, 24))
{%- endmacro %}
