{#- The first instant at which a clock shows a local time or later, while it keeps an offset (int_schedules__clock_changes); null
    where that is not while it does. -#}
{% macro first_instant(local_time, offsets) -%}
    {%- set shown_at = dbt.dateadd('second', '-' ~ offsets ~ '.offset_seconds', local_time) -%}
    case
        when {{ shown_at }} < {{ offsets }}.ends_at then greatest({{ shown_at }}, {{ offsets }}.starts_at)
    end
{%- endmacro %}


{#- The working time of a schedule up to a moment, by the piece of int_schedules__working_time in which the moment lies. -#}
{% macro worked_until(moment, piece) -%}
    ({{ piece }}.worked_microseconds + least(
        {{ elapsed_microseconds(piece ~ '.starts_at', moment) }}, {{ piece }}.open_microseconds
    ))
{%- endmacro %}
