{#- The values of a rule with an axis outcome and an axis experience that hold on the day of as_of, in one row. -#}
{% macro rule_today(rule, value) -%}
    select
        max(case when axis = 'outcome' then {{ value }} end) as outcome,
        max(case when axis = 'experience' then {{ value }} end) as experience
    from {{ ref(rule) }}
    where
        valid_from <= {{ local_day(as_of()) }}
        and (valid_to is null or valid_to > {{ local_day(as_of()) }})
{%- endmacro %}
