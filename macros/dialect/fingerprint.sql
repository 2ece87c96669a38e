{#- A hash of some values: equal values have the same hash, and different values hardly ever do. It takes less
    memory than the values. -#}
{% macro fingerprint(expressions) -%}
    {{ return(adapter.dispatch('fingerprint')(expressions)) }}
{%- endmacro %}

{% macro duckdb__fingerprint(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}


{#- The MD5 of a text as a value that is short to store and quick to join. -#}
{% macro digest(text) -%}
    {{ return(adapter.dispatch('digest')(text)) }}
{%- endmacro %}

{% macro duckdb__digest(text) -%}
    md5_number({{ text }})
{%- endmacro %}
