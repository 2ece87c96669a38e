{#- A floating-point number of 64 bits. dbt's type_float has only 32 bits on some engines. -#}
{% macro double_type() -%}
    {{ return(adapter.dispatch('double_type')()) }}
{%- endmacro %}

{% macro default__double_type() -%}
    double precision
{%- endmacro %}
