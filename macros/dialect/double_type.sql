{#- A binary floating-point number of 64 bits; dbt's own type_float has 32 on some engines. -#}
{% macro double_type() -%}
    {{ return(adapter.dispatch('double_type')()) }}
{%- endmacro %}

{% macro default__double_type() -%}
    double precision
{%- endmacro %}
