{#- The values of a rule with an axis outcome and an axis experience that hold on the day of as_of, in one row. -#}
{% macro rule_today(rule, value) -%}
    select
        {{ rule_by_axis(value) }}
    from {{ ref(rule) }}
    where {{ rule_holds(local_day(as_of())) }}
{%- endmacro %}


{#- Aggregates: the values of a rule's two axes, beside each other. -#}
{% macro rule_by_axis(value) -%}
    max(case when axis = 'outcome' then {{ value }} end) as outcome,
        max(case when axis = 'experience' then {{ value }} end) as experience
{%- endmacro %}


{#- Whether a row of a rule holds on a day. -#}
{% macro rule_holds(day) -%}
    valid_from <= {{ day }} and (valid_to is null or valid_to > {{ day }})
{%- endmacro %}
