{#- A day after everything: what has no end holds until then, so that days compare without nulls. -#}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
