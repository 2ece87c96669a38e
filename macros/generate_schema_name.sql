{#- The name of a schema is the custom name alone, in every target: dbt would put the name of the target before it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
