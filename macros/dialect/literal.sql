{#- A value of the contract, such as a default, as a SQL literal of its type. -#}
{% macro literal(value, type) -%}
    {%- if type == 'text' -%} '{{ value }}'
    {%- else -%} {{ value | string | lower }}
    {%- endif -%}
{%- endmacro %}
