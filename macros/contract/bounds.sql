{#- The bound of every integer and decimal of the input contract, after rounding: a value whose absolute value
    reaches it is out_of_range. The bound keeps every sum and product of the warehouse from overflowing. -#}
{% macro value_bound() -%}
    1000000000000
{%- endmacro %}


{#- The same bound for a ratio. -#}
{% macro ratio_bound() -%}
    1000000
{%- endmacro %}


{#- The same bound for the money of a row in the reporting currency. -#}
{% macro reporting_amount_bound() -%}
    10000000000
{%- endmacro %}
