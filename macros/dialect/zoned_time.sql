{#- A UTC timestamp as the wall clock of a time zone (an expression that gives its name) shows it. -#}
{% macro zoned_time(timestamp, timezone) -%}
    {{ return(adapter.dispatch('zoned_time')(timestamp, timezone)) }}
{%- endmacro %}

{% macro duckdb__zoned_time(timestamp, timezone) -%}
    timezone({{ timezone }}, timezone('UTC', {{ timestamp }}))
{%- endmacro %}
