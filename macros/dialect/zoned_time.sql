{#- A UTC timestamp as the wall clock of a time zone (an expression that gives its name) shows it. -#}
{% macro zoned_time(timestamp, timezone) -%}
    {{ return(adapter.dispatch('zoned_time')(timestamp, timezone)) }}
{%- endmacro %}

{% macro duckdb__zoned_time(timestamp, timezone) -%}
    timezone({{ timezone }}, timezone('UTC', {{ timestamp }}))
{%- endmacro %}


{#- The UTC timestamp of what the wall clock of a time zone shows; of a time that it skips, the moment at which it does. -#}
{% macro utc_time(local_timestamp, timezone) -%}
    {{ return(adapter.dispatch('utc_time')(local_timestamp, timezone)) }}
{%- endmacro %}

{% macro duckdb__utc_time(local_timestamp, timezone) -%}
    timezone('UTC', timezone({{ timezone }}, {{ local_timestamp }}))
{%- endmacro %}
