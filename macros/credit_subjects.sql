{#- Whose credits count for whom, one row for each credit and subject: a side's count for the team of its name, and
    for the employee who has them where the employee is of that side. `credits` is a relation with side, user_id and
    weight; its other columns pass. -#}
{% macro credit_subjects(credits) -%}
    select
        'team' as subject_type,
        side as subject_id,
        {{ credits }}.*
    from {{ credits }}
    where user_id is not null and weight > 0

    union all

    select
        'employee' as subject_type,
        {{ credits }}.user_id as subject_id,
        {{ credits }}.*
    from {{ credits }}
    inner join {{ ref('dim_employees') }} as employees
        on
            {{ credits }}.user_id = employees.user_id
            and {{ credits }}.side = {{ side_of('employees.team') }}
    where {{ credits }}.weight > 0
{%- endmacro %}


{#- The side on which a member of a team is credited. -#}
{% macro side_of(team) -%}
    case when {{ team }} = 'marketing' then 'marketing' else 'sales' end
{%- endmacro %}
