{#- A raw column as a value of a type of the contract: null where it is not of that type. Text is taken as it is; the forms
    that count as a boolean, an integer, a decimal, a ratio, a timestamp or a date are those of the input contract. Files of rules are
    read by the same macros, which Python renders (forms.py): those below take plain Jinja and each other, and nothing of dbt. -#}
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
    {{- return(parsers[type](column, beyond=value_bound()) if type in ('integer', 'decimal') else parsers[type](column)) -}}
{% endmacro %}


{% macro default__parse_text(column) -%}
    cast({{ column }} as {{ dbt.type_string() }})
{%- endmacro %}


{#- Where the file already holds the type itself, the cast alone is the parse: the engine drops the other branch. -#}
{% macro duckdb__parse_boolean(column) -%}
    case
        when typeof({{ column }}) = 'BOOLEAN' then try_cast({{ column }} as boolean)
        when lower(cast({{ column }} as varchar)) in ('true', '1') then true
        when lower(cast({{ column }} as varchar)) in ('false', '0') then false
    end
{%- endmacro %}


{#- What has the form of a number and is too large for the type reads as `beyond`, which no value may be; null where none is given. -#}
{% macro duckdb__parse_integer(column, beyond='null') -%}
    case
        when typeof({{ column }}) in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT') then try_cast({{ column }} as bigint)
        when regexp_full_match(cast({{ column }} as varchar), '[+-]?\d+(\.0+)?')
            then coalesce(try_cast(cast({{ column }} as varchar) as bigint), {{ beyond }})
    end
{%- endmacro %}


{#- A column of a rule has a width of its own. The engine casts no text of more digits than the type has, whatever its exponent:
    whether a number is too large, its size as a floating-point one says. -#}
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
                case when abs(try_cast({{ text }} as double)) >= {{ beyond }} then cast({{ beyond }} as {{ data_type }}) end{% endif %}

            )
    end
{%- endmacro %}


{#- A rate or a share: below a million, by its width. -#}
{% macro duckdb__parse_ratio(column) -%}
    {{ duckdb__parse_decimal(column, 'decimal(18, 12)') }}
{%- endmacro %}


{#- Whether a moment that is none of text is of a year that text can have, 0001 to 9999. -#}
{% macro duckdb__is_of_our_era(column) -%}
    try_cast({{ column }} as timestamp) between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
{%- endmacro %}


{#- A moment in UTC needs no time zone: the detour through one costs several times the cast. -#}
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
