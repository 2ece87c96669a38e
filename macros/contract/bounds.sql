{#- The bounds of the input contract, in absolute value: what is not below them is out_of_range, so that no sum or product of the
    warehouse overflows. Every integer and every decimal of every table, after rounding. -#}
{% macro value_bound() -%}
    1000000000000
{%- endmacro %}


{#- A row's money in the reporting currency. -#}
{% macro reporting_amount_bound() -%}
    10000000000
{%- endmacro %}
