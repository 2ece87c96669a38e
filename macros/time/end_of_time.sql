{#- The day that stands for no end, so that intervals of days can be compared without nulls. -#}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
