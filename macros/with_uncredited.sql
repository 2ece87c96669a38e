{#- CTEs that rank the candidates for credit and add a row `uncredited` with the weight that they leave, so that the
    weights of each thing and side sum to 1. They read the CTEs `credited` (one row per side of a thing: its key and
    side) and `candidates` (key, side, rule_number, rule, candidate_rank within the rule, user_id, weight,
    source_table, source_id), and give the CTE `credits`. -#}
{% macro with_uncredited(key) -%}
{%- set matching = [] -%}
{%- for column in key + ['side'] -%}
    {%- do matching.append('credited.' ~ column ~ ' = totals.' ~ column) -%}
{%- endfor -%}
totals as (

    select
        {{ key | join(', ') }},
        side,
        count(*) as candidates,
        sum(weight) as weight
    from candidates
    group by {{ key | join(', ') }}, side

),

credits as (

    select
        {{ key | join(', ') }},
        side,
        rule,
        row_number() over (
            partition by {{ key | join(', ') }}, side
            order by rule_number, candidate_rank
        ) as candidate_rank,
        user_id,
        cast(weight as {{ share_type() }}) as weight,
        source_table,
        source_id
    from candidates

    union all

    select
        credited.{{ key | join(', credited.') }},
        credited.side,
        'uncredited' as rule,
        coalesce(totals.candidates, 0) + 1 as candidate_rank,
        null as user_id,
        cast(1 - coalesce(totals.weight, 0) as {{ share_type() }}) as weight,
        null as source_table,
        null as source_id
    from credited
    left join totals
        on {{ matching | join(' and ') }}
    where coalesce(totals.weight, 0) < 1

)
{%- endmacro %}
