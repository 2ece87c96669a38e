{#- The UTC timestamp up to which the whole build knows the facts: var as_of, or the moment at which the build
    started. -#}
{% macro as_of() -%}
    cast('{{ var("as_of") or run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as {{ dbt.type_timestamp() }})
{%- endmacro %}
