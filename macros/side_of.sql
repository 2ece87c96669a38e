{#- The side on which a member of a team is credited. -#}
{% macro side_of(team) -%}
    case when {{ team }} = 'marketing' then 'marketing' else 'sales' end
{%- endmacro %}
