{#- A text as it is compared: in lower case, without blanks at either end, of whatever width, none included; null where nothing is left. -#}
{% macro folded(text) -%}
    {{ return(adapter.dispatch('folded')(text)) }}
{%- endmacro %}

{% macro duckdb__folded(text) -%}
    {%- set blanks = '[\\s\\p{Z}\\x{200B}-\\x{200D}\\x{2060}\\x{FEFF}]+' -%}
    nullif(lower(regexp_replace({{ text }}, '^{{ blanks }}|{{ blanks }}$', '', 'g')), '')
{%- endmacro %}
