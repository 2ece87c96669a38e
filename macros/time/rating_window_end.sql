{#- The moment at which the time to ask for a rating of what happened is over. -#}
{% macro rating_window_end(occurred_at) -%}
    {{ dbt.dateadd('day', var('rating_request_window_days'), occurred_at) }}
{%- endmacro %}
