{#- The last known day of a month, which is given as its first day: its last day, or the local day of as_of if that
    is earlier. -#}
{% macro month_end(month) -%}
    least(
        cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, month)) }} as date),
        {{ local_day(as_of()) }}
    )
{%- endmacro %}
