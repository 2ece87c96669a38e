{#- CTEs that follow merges through their chains. They read `linked` and give `merged_records`: for each merged record
    its surviving_id, and is_bad_merge if the chain runs in a circle, ends at a missing record or leads through a
    quarantined one. -#}
{% macro merge_survivors(key, pointer) -%}
pointers as (

    select
        {{ key }} as record_id,
        {{ pointer }} as merged_into_id
    from linked
    where version_state = 'current' and {{ pointer }} is not null

),

-- Every record on the chain of a merged record. `union` drops repetitions, so that a circle ends.
reached as (

    {{ transitive_closure('pointers', 'record_id', 'merged_into_id') }}

),

merged_records as (

    select
        reached.record_id,
        max(case when pointers.record_id is null then linked.{{ key }} end) as surviving_id,
        max(case when pointers.record_id is null then linked.{{ key }} end) is null
        or max(case when linked.fault is not null and reached.reached_id <> reached.record_id then 1 else 0 end) = 1
            as is_bad_merge
    from reached
    left join linked
        on reached.reached_id = linked.{{ key }}
    left join pointers
        on reached.reached_id = pointers.record_id
    group by reached.record_id

)
{%- endmacro %}


{#- The states of the records of a table with merges: a query over `linked` and `merged_records`. The values and the
    state of the survivor decide for every record that was merged into it. -#}
{% macro decided_merges(key, pointer) -%}
    {%- set bad_merge = '{"column": "' ~ pointer ~ '", "reason": "bad_merge"}' -%}
    {%- set is_bad_merge = "linked.version_state = 'current' and coalesce(merged_records.is_bad_merge, false)" -%}
    select
        linked.*,
        survivors.{{ key }} as surviving_id,
        case
            when linked.fault is not null then {{ dbt.split_part('linked.fault', "'|'", 1) }}
            when {{ is_bad_merge }} then '{{ pointer }}'
        end as fault_column,
        case
            when linked.fault is not null then {{ dbt.split_part('linked.fault', "'|'", 2) }}
            when {{ is_bad_merge }} then 'bad_merge'
        end as fault_reason,
        case
            when {{ is_bad_merge }} and linked.all_faults is null then '[{{ bad_merge }}]'
            when {{ is_bad_merge }} then replace(linked.all_faults, ']', ', {{ bad_merge }}]')
            else linked.all_faults
        end as faults,
        case
            when linked.version_state <> 'current' then linked.version_state
            when linked.fault is not null or merged_records.is_bad_merge then 'quarantined'
            when survivors.version_state in ('deleted', 'future') or survivors.is_out then 'excluded'
            else 'accepted'
        end as row_state
    from linked
    left join merged_records
        on linked.{{ key }} = merged_records.record_id
    left join linked as survivors
        on coalesce(merged_records.surviving_id, linked.{{ key }}) = survivors.{{ key }}
{%- endmacro %}
