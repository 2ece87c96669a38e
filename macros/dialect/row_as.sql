{#- A raw row as text: its values in the order of the contract, joined by a separator, which is an expression. A null is
    an empty text. -#}
{% macro row_as_text(columns, relation, separator="'|'") -%}
    concat_ws({{ separator }}
    {%- for column in columns -%}
    , coalesce(cast({{ relation }}.{{ column.name }} as {{ dbt.type_string() }}), '')
    {%- endfor -%}
    )
{%- endmacro %}


{#- A JSON object, as text, from a mapping of names to expressions. -#}
{% macro json_of(members) -%}
    {{ return(adapter.dispatch('json_of')(members)) }}
{%- endmacro %}

{% macro duckdb__json_of(members) -%}
    cast(json_object(
        {%- for name, expression in members.items() %}
        '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) as varchar)
{%- endmacro %}


{#- A member of a JSON object, as text; null if the name is null. -#}
{% macro json_member(object, name) -%}
    {{ return(adapter.dispatch('json_member')(object, name)) }}
{%- endmacro %}

{% macro duckdb__json_member(object, name) -%}
    json_extract_string({{ object }}, '$."' || {{ name }} || '"')
{%- endmacro %}


{#- The SHA-256 of a text, in hexadecimal. -#}
{% macro sha256_of(text) -%}
    {{ return(adapter.dispatch('sha256_of')(text)) }}
{%- endmacro %}

{% macro duckdb__sha256_of(text) -%}
    sha256({{ text }})
{%- endmacro %}


{#- A text as a JSON string, with its quotes. -#}
{% macro json_text(text) -%}
    {{ return(adapter.dispatch('json_text')(text)) }}
{%- endmacro %}

{% macro duckdb__json_text(text) -%}
    cast(to_json({{ text }}) as varchar)
{%- endmacro %}
