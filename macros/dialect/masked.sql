{#- A text as its mask: each digit reads 9, each other character X; blanks and the punctuation of ASCII stay. So
    12/31/2024 reads 99/99/9999, and Anna reads XXXX. -#}
{% macro masked(text) -%}
    {{ return(adapter.dispatch('masked')(text)) }}
{%- endmacro %}

{% macro duckdb__masked(text) -%}
    regexp_replace(regexp_replace({{ text }}, '[0-9]', '9', 'g'), '[^9 [:punct:]]', 'X', 'g')
{%- endmacro %}
