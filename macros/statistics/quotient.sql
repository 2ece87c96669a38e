{#- A score as a quotient, null if the divisor is 0. It is a decimal because scores are summed: a sum of decimals
    does not depend on the order of the rows, a sum of floats does. -#}
{% macro score_quotient(dividend, divisor) -%}
    cast({{ rate_quotient(dividend, divisor) }} as {{ score_type() }})
{%- endmacro %}


{#- A rate as a quotient in floating point, null if the divisor is 0. -#}
{% macro rate_quotient(dividend, divisor) -%}
    cast({{ dividend }} as {{ double_type() }}) / nullif(cast({{ divisor }} as {{ double_type() }}), 0)
{%- endmacro %}


{#- The squared distance of two scores, as a decimal, because squared distances are summed as well. -#}
{% macro squared_distance(score, other) -%}
    cast(({{ score }} - {{ other }}) * ({{ score }} - {{ other }}) as {{ spread_type() }})
{%- endmacro %}


{#- Aggregate: the sum of products of floats. Each product is cast to a decimal, so that the sum does not depend on
    the order of the rows. -#}
{% macro sum_of_products(one, other) -%}
    cast(sum(cast({{ one }} * {{ other }} as decimal(38, 18))) as {{ double_type() }})
{%- endmacro %}


{#- Aggregate: the sum of floats from -1 to 1, by decimals as in sum_of_products, with enough decimals for shares
    that are small beside the others. -#}
{% macro sum_of_shares(share) -%}
    cast(sum(cast({{ share }} as decimal(38, 30))) as {{ double_type() }})
{%- endmacro %}
