{#- A value of the contract as a literal of its type. -#}
{% macro literal(value, type) -%}
    {%- if type == 'text' -%} '{{ value }}'
    {%- else -%} {{ value | string | lower }}
    {%- endif -%}
{%- endmacro %}
