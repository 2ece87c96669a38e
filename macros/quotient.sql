{#- A score as a quotient, null where the divisor is 0. A decimal, because scores are summed: sums of decimals are the same in
    any order, sums of floats are not. -#}
{% macro score_quotient(dividend, divisor) -%}
    cast({{ rate_quotient(dividend, divisor) }} as {{ score_type() }})
{%- endmacro %}


{#- A rate as a quotient, null where the divisor is 0. -#}
{% macro rate_quotient(dividend, divisor) -%}
    cast({{ dividend }} as {{ double_type() }}) / nullif(cast({{ divisor }} as {{ double_type() }}), 0)
{%- endmacro %}


{#- A score of at most two digits before the point. -#}
{% macro score_type() -%}
    decimal(18, 15)
{%- endmacro %}


{#- The squared distance of two scores, as a decimal for the same reason. -#}
{% macro squared_distance(score, other) -%}
    cast(({{ score }} - {{ other }}) * ({{ score }} - {{ other }}) as decimal(38, 24))
{%- endmacro %}
