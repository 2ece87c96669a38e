{#- The rank of each version of the records that were delivered more than once, 1 is the latest: a query of _row_id and
    version_rank. The order of arrival never matters. -#}
{% macro version_ranks(domain, table) -%}
    {%- set landed = ref('land_' ~ table) -%}
    {%- if execute -%}
    select
        _row_id,
        row_number() over (
            partition by {{ input_contract(domain, table).primary_key | join(', ') }}
            order by _loaded_at desc nulls last, updated_at desc nulls last, _row_text desc, _row_id desc
        ) as version_rank
    from {{ landed }}
    where faults is null and _row_text is not null
    {%- endif -%}
{%- endmacro %}


{#- The latest version of each record: a query over landing and the CTE `versions` (version_ranks) of _row_id, the
    columns of the contract, and row_state: deleted, future or current. -#}
{% macro latest_versions(domain, table) -%}
    {%- set landed = ref('land_' ~ table) -%}
    {%- if execute -%}
    {%- set contract = input_contract(domain, table) -%}
    {%- set is_merged = 'landed.' ~ contract.merged_into ~ ' is not null' if contract.merged_into else 'false' -%}
    select
        landed._row_id,
        {%- for column in contract.columns[3:] + contract.public_columns %}
        landed.{{ column.name }},
        {%- endfor %}
        case
            when landed.is_deleted and not ({{ is_merged }}) then 'deleted'
            {%- for column in contract.columns if column.name == contract.event_time %}
            when landed.{{ column.name }} > {{ local_day(as_of()) if column.type == 'date' else as_of() }} then 'future'
            {%- endfor %}
            else 'current'
        end as row_state
    from {{ landed }} as landed
    left join versions
        on landed._row_id = versions._row_id
    where landed.faults is null and coalesce(versions.version_rank, 1) = 1
    {%- endif -%}
{%- endmacro %}
