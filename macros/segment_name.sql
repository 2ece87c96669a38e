{#- The name of a segment; `(none)` if it is null. `all` means all segments together, so a segment that the CRM
    calls `all` is shown as `(all)`. -#}
{% macro segment_name(segment) -%}
    case when {{ segment }} = 'all' then '(all)' else coalesce({{ segment }}, '(none)') end
{%- endmacro %}
