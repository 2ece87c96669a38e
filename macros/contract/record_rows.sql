{#- Steps 2 to 7 of a row: one row per row received of one input table that is not faulty by itself, with the columns of
    the contract, and

      row_state     superseded, deleted, future, quarantined, excluded or accepted
      version_rank  rank among the versions of the record; 1 is the latest, 2 and above are superseded
      fault_column, fault_reason, faults
                    of a quarantined record, as in landing
      has_broken_reference
                    true if an accepted record lost an optional reference, because it leads to no accepted record
      surviving_id  of a table with merges: the record at the end of the chain of merges, else the record itself

    In an accepted record a reference to a merged record reads as its survivor, an optional reference that leads to no
    accepted record reads as null, and so does a moment later than as_of.

    `references` lists the referenced input tables, except the table itself. A caller that computes more columns (their
    names are `computed`) passes a query over `records` that returns records.* and these. `faults` lists further faults
    as (column, reason, condition); a condition reads the columns of the caller's query from `examined`. -#}
{% macro record_rows(domain, table, references=[], computed=[], faults=[]) %}
{%- set landed = ref('land_' ~ table) -%}
{%- set targets = {} -%}
{%- for name in references -%}
    {%- set target = name.split('.')[1] -%}
    {%- do targets.update({name: {'records': ref('rec_' ~ target), 'landed': ref('land_' ~ target)}}) -%}
{%- endfor -%}
{%- set examined = caller() if caller else 'select * from records' -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set columns = contract.columns[3:] + contract.public_columns -%}
{%- set key = contract.primary_key[0] -%}
{%- set links = links_of(columns, domain ~ '.' ~ table) -%}
{%- set own_links = own_links_of(contract, domain ~ '.' ~ table) -%}
{%- set orphans = orphan_faults(links) -%}
{%- set found = orphans + further_faults(columns, faults) -%}
{%- set names = columns | map(attribute='name') | list -%}
with

versions as (

    {{ version_ranks(domain, table) }}

),

records as (

    {{ latest_versions(domain, table) }}

),

examined as (

    {{ examined }}

),

linked as (

    select
        examined._row_id,
        {%- for column in columns %}
        {{ linked_value(column, links) }} as {{ column.name }},
        {%- endfor %}
        {%- for name in computed %}
        examined.{{ name }},
        {%- endfor %}
        examined.row_state as version_state,
        {{ is_out(columns, links) }} as is_out,
        {{ is_broken(links) }} as is_broken,
        case when examined.row_state = 'current' then {{ first_fault(found) }} end as fault,
        case when examined.row_state = 'current' then {{ all_faults(found, first_fault(found)) }} end as all_faults
    from examined
    {%- for link in links %}
    left join {{ referenced_records(link, targets) }} as {{ link.alias }}
        on examined.{{ link.column }} = {{ link.alias }}.record_id{{ ' and ' ~ link.condition if link.condition }}
    {%- if link.is_needed %}
    left join {{ faulty_keys(link, targets) }} as {{ link.alias }}_faulty
        on examined.{{ link.column }} = {{ link.alias }}_faulty.record_id
    {%- endif %}
    {%- endfor %}

),
{% if contract.merged_into %}
{{ merge_survivors(key, contract.merged_into) }},
{% endif %}
decided as (

    {{ decided_merges(key, contract.merged_into) if contract.merged_into else decided_rows() }}

),
{% if own_links %}
own_records as (

    select {{ key }} as record_id{{ ', surviving_id' if contract.merged_into }}
    from decided
    where row_state = 'accepted'

),
{% endif %}
final as (

    select
        decided._row_id,
        {%- for name in names %}
        {%- if name in own_links %}
        {{ name }}_record.{{ 'surviving_id' if contract.merged_into else 'record_id' }} as {{ name }},
        {%- else %}
        decided.{{ name }},
        {%- endif %}
        {%- endfor %}
        {%- for name in computed %}
        decided.{{ name }},
        {%- endfor %}
        {%- if contract.merged_into %}
        decided.surviving_id,
        {%- endif %}
        decided.row_state,
        1 as version_rank,
        decided.fault_column,
        decided.fault_reason,
        decided.faults,
        decided.row_state = 'accepted' and (
            decided.is_broken
            {%- for name in own_links %}
            or (decided.{{ name }} is not null and {{ name }}_record.record_id is null)
            {%- endfor %}
        ) as has_broken_reference
    from decided
    {%- for name in own_links %}
    left join own_records as {{ name }}_record
        on decided.{{ name }} = {{ name }}_record.record_id
    {%- endfor %}

    union all

    select
        landed._row_id,
        {%- for name in names %}
        landed.{{ name }},
        {%- endfor %}
        {%- for name in computed %}
        null as {{ name }},
        {%- endfor %}
        {%- if contract.merged_into %}
        null as surviving_id,
        {%- endif %}
        'superseded' as row_state,
        versions.version_rank,
        null as fault_column,
        null as fault_reason,
        null as faults,
        false as has_broken_reference
    from {{ landed }} as landed
    inner join versions
        on landed._row_id = versions._row_id
    where versions.version_rank > 1

)

select * from final
{%- endif -%}
{% endmacro %}


{#- The states of the records of a table without merges: a query over `linked`. -#}
{% macro decided_rows() -%}
    select
        *,
        all_faults as faults,
        {{ dbt.split_part('fault', "'|'", 1) }} as fault_column,
        {{ dbt.split_part('fault', "'|'", 2) }} as fault_reason,
        case
            when version_state <> 'current' then version_state
            when fault is not null then 'quarantined'
            when is_out then 'excluded'
            else 'accepted'
        end as row_state
    from linked
{%- endmacro %}
