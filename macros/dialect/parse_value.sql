{#- A raw column as a value of a type of the contract; null if the value is not of that type. Blanks at either end do
    not count. A caller that has the column as trimmed text (trimmed_text) passes it as `text`, because the engine would
    trim it again in each branch. The macros below say which texts count as a text, a boolean, an integer, a decimal, a
    ratio, a timestamp or a date. Python renders the same macros to read the files of rules (forms.py), so they may use
    only plain Jinja and each other, and nothing of dbt. -#}
{% macro parse_value(column, type, text=none) %}
    {%- set parsers = {
        'text': adapter.dispatch('parse_text'),
        'boolean': adapter.dispatch('parse_boolean'),
        'integer': adapter.dispatch('parse_integer'),
        'decimal': adapter.dispatch('parse_decimal'),
        'ratio': adapter.dispatch('parse_ratio'),
        'timestamp': adapter.dispatch('parse_timestamp'),
        'date': adapter.dispatch('parse_date'),
    } -%}
    {%- if type in ('integer', 'decimal') -%}
        {{- return(parsers[type](column, text=text, beyond=value_bound())) -}}
    {%- elif type == 'ratio' -%}
        {{- return(parsers[type](column, 'decimal(20, 12)', text=text, beyond=ratio_bound())) -}}
    {%- elif type == 'timestamp' -%}
        {{- return(parsers[type](column, text=text, zone=var('reporting_timezone'))) -}}
    {%- endif -%}
    {{- return(parsers[type](column, text=text)) -}}
{% endmacro %}


{#- A raw column as text without blanks at both ends. -#}
{% macro trimmed_text(column) -%}
    {{ return(adapter.dispatch('trimmed_text')(column)) }}
{%- endmacro %}

{% macro duckdb__trimmed_text(column) -%}
    {{ duckdb__without_blanks('cast(' ~ column ~ ' as varchar)') }}
{%- endmacro %}


{#- True if a raw column, of which `text` is the trimmed text, holds more than blanks. -#}
{% macro is_filled(column, text) -%}
    {{ return(adapter.dispatch('is_filled')(column, text)) }}
{%- endmacro %}

{% macro duckdb__is_filled(column, text) -%}
    case when typeof({{ column }}) = 'VARCHAR' then {{ text }} is not null else {{ column }} is not null end
{%- endmacro %}


{#- A text holds no NUL, which other engines cannot store. -#}
{% macro duckdb__parse_text(column, text=none) -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    case when not contains({{ text }}, chr(0)) then {{ text }} end
{%- endmacro %}


{#- A column that already has the type needs only the cast: the engine drops the other branches. -#}
{% macro duckdb__parse_boolean(column, text=none) -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    case
        when typeof({{ column }}) = 'BOOLEAN' then try_cast({{ column }} as boolean)
        when lower({{ text }}) in ('true', '1') then true
        when lower({{ text }}) in ('false', '0') then false
    end
{%- endmacro %}


{#- A text that is a number but too large for the type reads as `beyond`, a value that is always out of range; null
    if `beyond` is not given. -#}
{% macro duckdb__parse_integer(column, text=none, beyond='null') -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    case
        when typeof({{ column }}) in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT') then try_cast({{ column }} as bigint)
        when regexp_full_match({{ text }}, '[+-]?\d+(\.0+)?')
            then coalesce(try_cast({{ text }} as bigint), {{ beyond }})
    end
{%- endmacro %}


{#- The type can be given, because a column of a rule has another width. The engine cannot cast a text with more
    digits than the type has, whatever its exponent, so the size of the number is judged in floating point. -#}
{% macro duckdb__parse_decimal(column, data_type='decimal(26, 6)', text=none, beyond='null', places=6) -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    case
        when {{ column }} is null then null
        when typeof({{ column }}) like 'DECIMAL(%'
            then coalesce(try_cast({{ column }} as {{ data_type }}), cast({{ beyond }} as {{ data_type }}))
        when regexp_full_match({{ text }}, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
            then coalesce(
                try_cast({{ text }} as {{ data_type }}){% if beyond != 'null' %},
                try_cast(try_cast({{ text }} as decimal(38, {{ places }})) as {{ data_type }}),
                case
                    when abs(try_cast({{ text }} as double)) >= {{ beyond }} then cast({{ beyond }} as {{ data_type }})
                end{% endif %}

            )
    end
{%- endmacro %}


{#- A rate or a share, with 12 decimals. It must be below a million (ratio_bound). -#}
{% macro duckdb__parse_ratio(column, data_type='decimal(18, 12)', text=none, beyond='null') -%}
    {{ duckdb__parse_decimal(column, data_type, text, beyond, places=12) }}
{%- endmacro %}


{#- A date or timestamp if its year is from 0001 to 9999, else null. -#}
{% macro duckdb__of_our_era(value) -%}
    case
        when {{ value }} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then {{ value }}
    end
{%- endmacro %}


{#- A date alone is midnight of that day in `zone`, because a system that exports a date means the local day. A
    timestamp in UTC is cast without a time zone, because a cast with one takes several times as long. -#}
{% macro duckdb__parse_timestamp(column, text=none, zone='UTC') -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    {%- set offset = '[+-](0\d|1[0-5])(:?[0-5]\d)?' -%}
    {%- set midnight -%}
    {{ duckdb__local_midnight('try_cast(' ~ text ~ ' as timestamp)', zone) }}
    {%- endset -%}
    case
        when typeof({{ column }}) = 'TIMESTAMP' then {{ duckdb__of_our_era('try_cast(' ~ column ~ ' as timestamp)') }}
        when typeof({{ column }}) = 'DATE' or regexp_full_match({{ text }}, '\d{4}-\d\d-\d\d')
            then {{ duckdb__of_our_era(midnight) }}
        when regexp_full_match({{ text }}, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]00(:?00)?)?')
            then {{ duckdb__of_our_era('try_cast(' ~ text ~ ' as timestamp)') }}
        when regexp_full_match({{ text }}, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?{{ offset }}')
            then {{ duckdb__of_our_era("try_cast(" ~ text ~ " as timestamptz) at time zone 'UTC'") }}
    end
{%- endmacro %}


{#- The moment at which a day begins in a time zone, as a UTC timestamp. A midnight that the clock skips reads as the
    first instant after it, and of a midnight that comes twice the first one counts. -#}
{% macro duckdb__local_midnight(day, zone) -%}
    {%- if zone == 'UTC' -%}
    {{ day }}
    {%- else -%}
    {%- set moment -%}
    timezone('UTC', timezone('{{ zone }}', {{ day }}))
    {%- endset -%}
    case
        when timezone('{{ zone }}', timezone('UTC', {{ moment }} - interval '1 hour')) = {{ day }}
            then {{ moment }} - interval '1 hour'
        else {{ moment }}
    end
    {%- endif -%}
{%- endmacro %}


{#- A timestamp whose clock, as written, is at midnight is a date, too. -#}
{% macro duckdb__parse_date(column, text=none) -%}
    {%- set text = text or duckdb__trimmed_text(column) -%}
    {%- set offset = '[+-](0\d|1[0-5])(:?[0-5]\d)?' -%}
    case
        when typeof({{ column }}) in ('DATE', 'TIMESTAMP')
            then case
                when try_cast({{ column }} as timestamp) = date_trunc('day', try_cast({{ column }} as timestamp))
                    then cast({{ duckdb__of_our_era('try_cast(' ~ column ~ ' as timestamp)') }} as date)
            end
        when regexp_full_match({{ text }}, '\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?(Z|{{ offset }})?)?')
            then cast({{ duckdb__of_our_era('try_cast(left(' ~ text ~ ', 10) as timestamp)') }} as date)
    end
{%- endmacro %}
