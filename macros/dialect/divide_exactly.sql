{#- A decimal divided by a positive decimal, both with at most 12 decimals, rounded half away from zero to `places`
    decimals. It calculates in whole numbers, because a quotient in floating point can fall on the wrong side of
    half a cent. -#}
{% macro divide_exactly(dividend, divisor, places) -%}
    {{ return(adapter.dispatch('divide_exactly')(dividend, divisor, places)) }}
{%- endmacro %}

{% macro duckdb__divide_exactly(dividend, divisor, places) -%}
    sign({{ dividend }}) * (
        (
            2 * {{ 10 ** places }} * cast(abs({{ dividend }}) * 1000000000000 as hugeint)
            + cast({{ divisor }} * 1000000000000 as hugeint)
        ) // (2 * cast({{ divisor }} * 1000000000000 as hugeint))
    ) * cast({{ 10 ** -places }} as decimal({{ places + 1 }}, {{ places }}))
{%- endmacro %}
