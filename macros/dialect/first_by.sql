{#- An aggregate: the value (which may be null) of the row that comes first by some columns, of which none is null. -#}
{% macro first_by(value, order_columns) -%}
    {{ return(adapter.dispatch('first_by')(value, order_columns)) }}
{%- endmacro %}

{% macro duckdb__first_by(value, order_columns) -%}
    {%- set place = order_columns[0] if order_columns | length == 1 else 'row(' ~ order_columns | join(', ') ~ ')' -%}
    arg_min_null({{ value }}, {{ place }})
{%- endmacro %}
