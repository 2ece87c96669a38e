{#- A text without the blanks at either end, of whatever width, none included; null where nothing is left. -#}
{% macro without_blanks(text) -%}
    {{ return(adapter.dispatch('without_blanks')(text)) }}
{%- endmacro %}

{% macro duckdb__without_blanks(text) -%}
    {%- set blanks = '[\\s\\p{Z}\\x{200B}-\\x{200D}\\x{2060}\\x{FEFF}]+' -%}
    nullif(regexp_replace({{ text }}, '^{{ blanks }}|{{ blanks }}$', '', 'g'), '')
{%- endmacro %}


{#- A text as it is compared: in lower case, without blanks at either end; null where nothing is left. Names of columns are folded
    alike in Python, by fold_name. -#}
{% macro folded(text) -%}
    {{ return(adapter.dispatch('folded')(text)) }}
{%- endmacro %}

{% macro duckdb__folded(text) -%}
    lower({{ duckdb__without_blanks(text) }})
{%- endmacro %}
