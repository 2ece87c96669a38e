{#- A query of the time zones that the engine knows, in the column `timezone`. -#}
{% macro time_zone_names() -%}
    {{ return(adapter.dispatch('time_zone_names')()) }}
{%- endmacro %}

{% macro duckdb__time_zone_names() -%}
    select name as timezone from pg_timezone_names()
{%- endmacro %}
