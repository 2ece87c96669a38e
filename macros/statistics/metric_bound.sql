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
