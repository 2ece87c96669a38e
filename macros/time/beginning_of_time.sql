{#- A moment before all others. It stands for an unknown beginning, so that intervals can be compared without nulls. -#}
{% macro beginning_of_time() -%}
    cast('0001-01-01 00:00:00' as {{ dbt.type_timestamp() }})
{%- endmacro %}
