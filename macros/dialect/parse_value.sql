{#- A raw column as a value of a type of the contract; null if the value is not of that type. Text is taken as it
    is. The macros below say which texts count as a boolean, an integer, a decimal, a ratio, a timestamp or a date.
    Python renders the same macros to read the files of rules (forms.py), so they may use only plain Jinja and each
    other, and nothing of dbt. -#}
{% macro parse_value(column, type) %}
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
        {{- return(parsers[type](column, beyond=value_bound())) -}}
    {%- endif -%}
    {{- return(parsers[type](column)) -}}
{% endmacro %}


{% macro default__parse_text(column) -%}
    cast({{ column }} as {{ dbt.type_string() }})
{%- endmacro %}


{#- A column that already has the type needs only the cast: the engine drops the other branches. -#}
{% macro duckdb__parse_boolean(column) -%}
    case
        when typeof({{ column }}) = 'BOOLEAN' then try_cast({{ column }} as boolean)
        when lower(cast({{ column }} as varchar)) in ('true', '1') then true
        when lower(cast({{ column }} as varchar)) in ('false', '0') then false
    end
{%- endmacro %}


{#- A text that is a number but too large for the type reads as `beyond`, a value that is always out of range; null
    if `beyond` is not given. -#}
{% macro duckdb__parse_integer(column, beyond='null') -%}
    case
        when typeof({{ column }}) in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT') then try_cast({{ column }} as bigint)
        when regexp_full_match(cast({{ column }} as varchar), '[+-]?\d+(\.0+)?')
            then coalesce(try_cast(cast({{ column }} as varchar) as bigint), {{ beyond }})
    end
{%- endmacro %}


{#- The type can be given, because a column of a rule has another width. The engine cannot cast a text with more
    digits than the type has, whatever its exponent, so the size of the number is judged in floating point. -#}
{% macro duckdb__parse_decimal(column, data_type='decimal(26, 6)', beyond='null') -%}
    {%- set text = 'cast(' ~ column ~ ' as varchar)' -%}
    case
        when {{ column }} is null then null
        when typeof({{ column }}) like 'DECIMAL(%'
            then coalesce(try_cast({{ column }} as {{ data_type }}), cast({{ beyond }} as {{ data_type }}))
        when regexp_full_match({{ text }}, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
            then coalesce(
                try_cast({{ text }} as {{ data_type }}){% if beyond != 'null' %},
                try_cast(try_cast({{ text }} as decimal(38, 6)) as {{ data_type }}),
                case
                    when abs(try_cast({{ text }} as double)) >= {{ beyond }} then cast({{ beyond }} as {{ data_type }})
                end{% endif %}

            )
    end
{%- endmacro %}


{#- A rate or a share, with 12 decimals. It must be below a million, because its type has six digits before the
    point. -#}
{% macro duckdb__parse_ratio(column) -%}
    {{ duckdb__parse_decimal(column, 'decimal(18, 12)') }}
{%- endmacro %}


{#- True if a value that is not text has a year from 0001 to 9999, the only years that a text can have. -#}
{% macro duckdb__is_of_our_era(column) -%}
    try_cast({{ column }} as timestamp) between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
{%- endmacro %}


{#- A timestamp in UTC is cast without a time zone, because a cast with one takes several times as long. -#}
{% macro duckdb__parse_timestamp(column) -%}
    case
        when typeof({{ column }}) in ('TIMESTAMP', 'DATE')
            then case when {{ duckdb__is_of_our_era(column) }} then try_cast({{ column }} as timestamp) end
        when regexp_full_match(
            cast({{ column }} as varchar),
            '\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]00(:?00)?)?)?'
        )
            then try_cast(cast({{ column }} as varchar) as timestamp)
        when regexp_full_match(
            cast({{ column }} as varchar),
            '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d(:?\d\d)?'
        )
            then try_cast(cast({{ column }} as varchar) as timestamptz) at time zone 'UTC'
    end
{%- endmacro %}


{% macro duckdb__parse_date(column) -%}
    case
        when typeof({{ column }}) = 'DATE'
            then case when {{ duckdb__is_of_our_era(column) }} then try_cast({{ column }} as date) end
        when regexp_full_match(cast({{ column }} as varchar), '\d{4}-\d\d-\d\d')
            then try_cast(cast({{ column }} as varchar) as date)
        when {{ duckdb__parse_timestamp(column) }} = date_trunc('day', {{ duckdb__parse_timestamp(column) }})
            then cast({{ duckdb__parse_timestamp(column) }} as date)
    end
{%- endmacro %}
