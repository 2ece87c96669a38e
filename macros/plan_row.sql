{#- A row of comp_plans.csv, in words. -#}
{% macro plan_row(relation) -%}
    'comp_plans.csv: plan ' || {{ relation }}.plan_id || ', version ' || {{ relation }}.plan_version
    || ', team ' || {{ relation }}.team
{%- endmacro %}
