{#- The last day of a month, given as its first: of the month of as_of the local day of as_of. -#}
{% macro month_end(month) -%}
    least(
        cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, month)) }} as date),
        {{ local_day(as_of()) }}
    )
{%- endmacro %}
