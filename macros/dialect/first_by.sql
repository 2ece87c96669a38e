{#- Aggregate: the value, possibly null, of the first row by `order_columns`, none of which may be null. -#}
{% macro first_by(value, order_columns) -%}
    {{ return(adapter.dispatch('first_by')(value, order_columns)) }}
{%- endmacro %}

{% macro duckdb__first_by(value, order_columns) -%}
    {%- set place = order_columns[0] if order_columns | length == 1 else 'row(' ~ order_columns | join(', ') ~ ')' -%}
    arg_min_null({{ value }}, {{ place }})
{%- endmacro %}
