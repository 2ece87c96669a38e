{#- A moment before everything: what holds since ever holds since then, so that stretches of time compare without nulls. -#}
{% macro beginning_of_time() -%}
    cast('0001-01-01 00:00:00' as {{ dbt.type_timestamp() }})
{%- endmacro %}
