{#- CTEs that follow merges through their chains. They read the CTE `records` (the key, the column that names the
    survivor, and row_state) and give the CTE `merged_records`: for each merged record its surviving_id, or
    is_bad_merge if the chain runs in a circle, ends at a missing record, or leads into a chain that does. -#}
{% macro merge_survivors(key, pointer) -%}
pointers as (

    select
        {{ key }} as record_id,
        {{ pointer }} as merged_into_id
    from records
    where row_state = 'current' and {{ pointer }} is not null

),

-- Every record on the chain of a merged record. `union` drops repetitions, so that a circle ends.
reached as (

    {{ transitive_closure('pointers', 'record_id', 'merged_into_id') }}

),

merged_records as (

    select
        reached.record_id,
        max(case when pointers.record_id is null then records.{{ key }} end) as surviving_id,
        max(case when pointers.record_id is null then records.{{ key }} end) is null as is_bad_merge
    from reached
    left join records
        on reached.reached_id = records.{{ key }}
    left join pointers
        on reached.reached_id = pointers.record_id
    group by reached.record_id

)
{%- endmacro %}
