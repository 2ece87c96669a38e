{#- What is attained of a target, and the share of a month: 12 decimals. -#}
{% macro attainment_type() -%}
    decimal(38, 12)
{%- endmacro %}
