{#- A query of the whole numbers from one to another, both included, column `series_number`. -#}
{% macro number_series(first, last) -%}
    {{ return(adapter.dispatch('number_series')(first, last)) }}
{%- endmacro %}

{% macro duckdb__number_series(first, last) -%}
    select unnest(generate_series({{ first }}, {{ last }})) as series_number
{%- endmacro %}
