{#- A value that is the same wherever some values are the same, and hardly ever elsewhere: narrower than they are. -#}
{% macro fingerprint(expressions) -%}
    {{ return(adapter.dispatch('fingerprint')(expressions)) }}
{%- endmacro %}

{% macro duckdb__fingerprint(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}
