{#- One row with the values of a rule on the day of as_of, for a rule that has one row per axis (outcome and
    experience). -#}
{% macro rule_today(rule, value) -%}
    select
        {{ rule_by_axis(value) }}
    from {{ ref(rule) }}
    where {{ rule_holds(local_day(as_of())) }}
{%- endmacro %}


{#- Two aggregates: the value of the axis outcome and that of the axis experience, as columns. -#}
{% macro rule_by_axis(value) -%}
    max(case when axis = 'outcome' then {{ value }} end) as outcome,
        max(case when axis = 'experience' then {{ value }} end) as experience
{%- endmacro %}


{#- True if a row of a rule holds on a day: from valid_from (inclusive) to valid_to (exclusive). -#}
{% macro rule_holds(day) -%}
    valid_from <= {{ day }} and (valid_to is null or valid_to > {{ day }})
{%- endmacro %}
