{#- A UTC timestamp as the local time of a time zone; `timezone` is an expression that gives its name. -#}
{% macro zoned_time(timestamp, timezone) -%}
    {{ return(adapter.dispatch('zoned_time')(timestamp, timezone)) }}
{%- endmacro %}

{% macro duckdb__zoned_time(timestamp, timezone) -%}
    timezone({{ timezone }}, timezone('UTC', {{ timestamp }}))
{%- endmacro %}


{#- The UTC timestamp of a local time in a time zone. A local time that the clock skips reads as the moment of the
    change. -#}
{% macro utc_time(local_timestamp, timezone) -%}
    {{ return(adapter.dispatch('utc_time')(local_timestamp, timezone)) }}
{%- endmacro %}

{% macro duckdb__utc_time(local_timestamp, timezone) -%}
    timezone('UTC', timezone({{ timezone }}, {{ local_timestamp }}))
{%- endmacro %}
