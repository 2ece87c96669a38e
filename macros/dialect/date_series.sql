{#- A query with one row per date in the column `series_on`, from `first` to `last` (both inclusive), in steps of a
    day or a month. -#}
{% macro date_series(first, last, step) -%}
    {{ return(adapter.dispatch('date_series')(first, last, step)) }}
{%- endmacro %}

{% macro duckdb__date_series(first, last, step) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 {{ step }})) as date) as series_on
{%- endmacro %}
