{#- Condition that an account counts for a subject of credit_subjects in a month. The credit is taken at the end of
    credit_month, which is the month itself unless given; the team of an employee is always that of the month. -#}
{% macro counts_in_month(subjects, month, credit_month=none) -%}
    {{ credit_month or month }} >= {{ subjects }}.from_month
            and ({{ subjects }}.to_month is null or {{ credit_month or month }} < {{ subjects }}.to_month)
            and {{ month }} >= {{ subjects }}.team_from_month
            and {{ month }} < {{ subjects }}.team_to_month
{%- endmacro %}
