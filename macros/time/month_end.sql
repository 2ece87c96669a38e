{#- The last day of a month, given as its first: of the month of as_of the day up to which anything is known. -#}
{% macro month_end(month) -%}
    least(
        cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, month)) }} as date),
        cast({{ as_of() }} as date)
    )
{%- endmacro %}
