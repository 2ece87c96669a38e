{#- A UTC timestamp as the local time of the reporting time zone. -#}
{% macro local_time(timestamp) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
    {{ timestamp }}
    {%- else -%}
    {{ zoned_time(timestamp, "'" ~ var('reporting_timezone') ~ "'") }}
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
