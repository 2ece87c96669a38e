{#- The first moment at which a clock shows a local time or a later one, while the clock keeps an offset (`offsets`
    is a row of int_schedules__clock_changes); null if the clock reaches the local time only after the offset has
    ended. -#}
{% macro first_instant(local_time, offsets) -%}
    {%- set shown_at = dbt.dateadd('second', '-' ~ offsets ~ '.offset_seconds', local_time) -%}
    case
        when {{ shown_at }} < {{ offsets }}.ends_at then greatest({{ shown_at }}, {{ offsets }}.starts_at)
    end
{%- endmacro %}


{#- Spans of time (schedule_id, starts_at, ends_at and any other columns) with the working time within each,
    worked_microseconds: the working time up to its end minus the working time up to its start, both from the pieces
    of int_schedules__working_time. Null of a span without a schedule. -#}
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


{#- The working time of a schedule up to a moment; `piece` is the row of int_schedules__working_time that holds the
    moment. -#}
{% macro worked_until(moment, piece) -%}
    ({{ piece }}.worked_microseconds + least(
        {{ elapsed_microseconds(piece ~ '.starts_at', moment) }}, {{ piece }}.open_microseconds
    ))
{%- endmacro %}


{#- The business time up to a moment, in microseconds; `day` is the row of int_schedules__business_days that holds
    the moment. -#}
{% macro business_time_until(moment, day) -%}
    (
        {{ day }}.worked_microseconds
        + {{ day }}.business_days * {{ elapsed_microseconds(day ~ '.starts_at', moment) }}
    )
{%- endmacro %}


{#- The moment at which the business time reaches an amount of microseconds; `day` is the row of
    int_schedules__business_days in which it does. -#}
{% macro moment_of_business_time(business_time, day) -%}
    {{ after_microseconds(day ~ '.starts_at', business_time ~ ' - ' ~ day ~ '.worked_microseconds') }}
{%- endmacro %}
