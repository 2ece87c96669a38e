{#- The side on which a member of a team is credited: marketing for the team marketing, sales for every other team, also
    for the team `other`. -#}
{% macro side_of(team) -%}
    case when {{ team }} = 'marketing' then 'marketing' else 'sales' end
{%- endmacro %}
