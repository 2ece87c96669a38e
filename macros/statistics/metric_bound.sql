{#- A bound of the 95 % confidence interval of a metric ('-' is the lower, '+' the upper), by the kind of the
    metric. It reads the columns value, n, numerator and spread; `quantile` is the bound of a quantile. Null of
    money and its ratios, and if n is 0. -#}
{% macro metric_bound(sign, quantile) -%}
    case
            when n = 0 then null
            when kind = 'proportion' then {{ wilson_bound(sign, 'value', 'n') }}
            when kind = 'mean' then value {{ sign }} {{ z_95() }} * sqrt({{ rate_quotient('spread', 'n - 1') }} / n)
            when kind = 'nps' then {{ nps_bound(sign, '(spread + numerator) / 2', '(spread - numerator) / 2', 'n') }}
            when kind = 'quantile' then {{ quantile }}
        end
{%- endmacro %}
