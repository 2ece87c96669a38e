{#- The day that stands for no end, so that stretches of days compare without nulls. -#}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
