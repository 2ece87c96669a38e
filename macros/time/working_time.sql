{#- The first instant at which a clock shows a local time or later, while it keeps an offset (int_schedules__clock_changes); null
    where that is not while it does. -#}
{% macro first_instant(local_time, offsets) -%}
    {%- set shown_at = dbt.dateadd('second', '-' ~ offsets ~ '.offset_seconds', local_time) -%}
    case
        when {{ shown_at }} < {{ offsets }}.ends_at then greatest({{ shown_at }}, {{ offsets }}.starts_at)
    end
{%- endmacro %}


{#- Spans of time (schedule_id, starts_at, ends_at and more) with the working time in each, worked_microseconds: what had been worked at
    its end less what had been at its start, by the pieces of int_schedules__working_time. Null without schedule. -#}
{% macro working_time_in(spans, working_time) %}
    select
        spans.*,
        {{ worked_until('spans.ends_at', 'closing') }} - {{ worked_until('spans.starts_at', 'opening') }}
            as worked_microseconds
    from {{ spans }} as spans
    left join {{ working_time }} as opening
        on
            spans.schedule_id = opening.schedule_id
            and cast(spans.starts_at as date) = opening.day_on
            and spans.starts_at >= opening.starts_at
            and spans.starts_at < opening.ends_at
    left join {{ working_time }} as closing
        on
            spans.schedule_id = closing.schedule_id
            and cast(spans.ends_at as date) = closing.day_on
            and spans.ends_at >= closing.starts_at
            and spans.ends_at < closing.ends_at
{% endmacro %}


{#- The working time of a schedule up to a moment, by the piece in which the moment lies. -#}
{% macro worked_until(moment, piece) -%}
    ({{ piece }}.worked_microseconds + least(
        {{ elapsed_microseconds(piece ~ '.starts_at', moment) }}, {{ piece }}.open_microseconds
    ))
{%- endmacro %}


{#- The business time up to a moment, in microseconds, by the day of int_schedules__business_days on which it is. -#}
{% macro business_time_until(moment, day) -%}
    (
        {{ day }}.worked_microseconds
        + {{ day }}.business_days * {{ elapsed_microseconds(day ~ '.starts_at', moment) }}
    )
{%- endmacro %}


{#- The moment at which the business time is so much, in the business day of int_schedules__business_days in which it is reached. -#}
{% macro moment_of_business_time(business_time, day) -%}
    {{ after_microseconds(day ~ '.starts_at', business_time ~ ' - ' ~ day ~ '.worked_microseconds') }}
{%- endmacro %}
