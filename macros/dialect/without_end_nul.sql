{#- A text without the NUL characters at its end, by which the reader of Parquet marks a number that is no text. -#}
{% macro without_end_nul(text) -%}
    {{ return(adapter.dispatch('without_end_nul')(text)) }}
{%- endmacro %}

{% macro duckdb__without_end_nul(text) -%}
    rtrim({{ text }}, chr(0))
{%- endmacro %}
