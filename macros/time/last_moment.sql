{#- The last known moment of a month, which is given as its first day: its last microsecond, or as_of if that is
    earlier. -#}
{% macro last_moment(month) -%}
    least(
        {{ dbt.dateadd('microsecond', -1, utc_midnight(dbt.dateadd('month', 1, month))) }},
        {{ as_of() }}
    )
{%- endmacro %}


{#- The moment at which a local day of the reporting time zone begins, in UTC. -#}
{% macro utc_midnight(day) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
    cast({{ day }} as {{ dbt.type_timestamp() }})
    {%- else -%}
    {{ utc_time('cast(' ~ day ~ ' as ' ~ dbt.type_timestamp() ~ ')', "'" ~ var('reporting_timezone') ~ "'") }}
    {%- endif -%}
{%- endmacro %}
