{#- A UTC timestamp as the wall clock of the reporting time zone shows it. -#}
{% macro local_time(timestamp) -%}
    {{ return(adapter.dispatch('local_time')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__local_time(timestamp) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
    {{ timestamp }}
    {%- else -%}
    timezone('{{ var("reporting_timezone") }}', timezone('UTC', {{ timestamp }}))
    {%- endif -%}
{%- endmacro %}


{#- The day of a UTC timestamp in the reporting time zone. -#}
{% macro local_day(timestamp) -%}
    cast({{ local_time(timestamp) }} as date)
{%- endmacro %}


{#- The calendar month of a UTC timestamp in the reporting time zone, as its first day. -#}
{% macro local_month(timestamp) -%}
    cast({{ dbt.date_trunc('month', local_time(timestamp)) }} as date)
{%- endmacro %}
