{#- The text that names a row of comp_plans.csv in the message of a test. -#}
{% macro plan_row(relation) -%}
    'comp_plans.csv: plan ' || {{ relation }}.plan_id || ', version ' || {{ relation }}.plan_version
    || ', team ' || {{ relation }}.team
{%- endmacro %}
