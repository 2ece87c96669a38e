{#- The whole microseconds from one timestamp to another. -#}
{% macro elapsed_microseconds(earlier, later) -%}
    {{ return(adapter.dispatch('elapsed_microseconds')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__elapsed_microseconds(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }}))
{%- endmacro %}


{#- Microseconds as minutes. -#}
{% macro as_minutes(microseconds) -%}
    cast({{ microseconds }} as {{ double_type() }}) / 60000000
{%- endmacro %}
