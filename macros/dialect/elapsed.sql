{#- Number of microseconds from one timestamp to another. -#}
{% macro elapsed_microseconds(earlier, later) -%}
    {{ return(adapter.dispatch('elapsed_microseconds')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__elapsed_microseconds(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }}))
{%- endmacro %}


{#- The timestamp that is a number of microseconds after another. -#}
{% macro after_microseconds(timestamp, microseconds) -%}
    {{ return(adapter.dispatch('after_microseconds')(timestamp, microseconds)) }}
{%- endmacro %}

{% macro duckdb__after_microseconds(timestamp, microseconds) -%}
    ({{ timestamp }} + to_microseconds({{ microseconds }}))
{%- endmacro %}


{#- Microseconds as minutes, in floating point. -#}
{% macro as_minutes(microseconds) -%}
    cast({{ microseconds }} as {{ double_type() }}) / 60000000
{%- endmacro %}


{#- Number of whole days from one timestamp to another, at least 0; null if one of them is null. -#}
{% macro whole_days_between(earlier, later) -%}
    case
        when {{ later }} <= {{ earlier }} then 0
        else cast({{ divide_whole(elapsed_microseconds(earlier, later), '86400000000') }} as bigint)
    end
{%- endmacro %}
