{#- A text without leading and trailing blanks, including blanks of Unicode and characters of no width; null if no
    character is left. -#}
{% macro without_blanks(text) -%}
    {{ return(adapter.dispatch('without_blanks')(text)) }}
{%- endmacro %}

{#- Most texts begin and end with a visible character of ASCII, and a comparison is cheaper than a search. -#}
{% macro duckdb__without_blanks(text) -%}
    {%- set blanks = '[\\s\\p{Z}\\x{200B}-\\x{200D}\\x{2060}\\x{FEFF}]+' -%}
    case
        when {{ text }} between '!' and '~' and right({{ text }}, 1) between '!' and '~' then {{ text }}
        else nullif(regexp_replace({{ text }}, '^{{ blanks }}|{{ blanks }}$', '', 'g'), '')
    end
{%- endmacro %}


{#- A text as it is compared with others: in lower case, without leading and trailing blanks; null if no character
    is left. fold_name does the same in Python for the names of columns. -#}
{% macro folded(text) -%}
    {{ return(adapter.dispatch('folded')(text)) }}
{%- endmacro %}

{% macro duckdb__folded(text) -%}
    lower({{ duckdb__without_blanks(text) }})
{%- endmacro %}
