{#- A query with one row per whole number in the column `series_number`, from `first` to `last` (both inclusive). -#}
{% macro number_series(first, last) -%}
    {{ return(adapter.dispatch('number_series')(first, last)) }}
{%- endmacro %}

{% macro duckdb__number_series(first, last) -%}
    select unnest(generate_series({{ first }}, {{ last }})) as series_number
{%- endmacro %}
