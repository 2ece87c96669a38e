{#- The name of a segment beside `all`, which means every segment. -#}
{% macro segment_name(segment) -%}
    case when {{ segment }} = 'all' then '(all)' else coalesce({{ segment }}, '(none)') end
{%- endmacro %}
