{#- The moment until which a rating may be requested about something that happened at `occurred_at` (var
    rating_request_window_days). -#}
{% macro rating_window_end(occurred_at) -%}
    {{ dbt.dateadd('day', var('rating_request_window_days'), occurred_at) }}
{%- endmacro %}
