{#- A score as a quotient, null where the divisor is 0. A decimal, because scores are summed: sums of decimals are the same in
    any order, sums of floats are not. -#}
{% macro score_quotient(dividend, divisor) -%}
    cast({{ rate_quotient(dividend, divisor) }} as {{ score_type() }})
{%- endmacro %}


{#- A rate as a quotient, null where the divisor is 0. -#}
{% macro rate_quotient(dividend, divisor) -%}
    cast({{ dividend }} as {{ double_type() }}) / nullif(cast({{ divisor }} as {{ double_type() }}), 0)
{%- endmacro %}


{#- The squared distance of two scores, as a decimal for the same reason. -#}
{% macro squared_distance(score, other) -%}
    cast(({{ score }} - {{ other }}) * ({{ score }} - {{ other }}) as {{ spread_type() }})
{%- endmacro %}


{#- An aggregate: the sum of products of floats, by decimals for the same reason. -#}
{% macro sum_of_products(one, other) -%}
    cast(sum(cast({{ one }} * {{ other }} as decimal(38, 18))) as {{ double_type() }})
{%- endmacro %}


{#- An aggregate: the sum of floats from -1 to 1, by decimals for the same reason, with digits enough for those that are small
    beside the others. -#}
{% macro sum_of_shares(share) -%}
    cast(sum(cast({{ share }} as decimal(38, 30))) as {{ double_type() }})
{%- endmacro %}
