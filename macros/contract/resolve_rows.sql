{#- Steps 5 to 7 of a row: one row per record of one input table (the latest version of its key), with

      row_state     deleted or future (decided in staging), quarantined, excluded or accepted
      fault_column, fault_reason
                    of a quarantined record: orphan, or the fault that the caller found

    In an accepted record a reference to a merged record reads as its survivor, an optional reference that leads to no
    accepted record reads as null, and so does a moment later than as_of.

    `references` maps each referenced input table, except the table itself, to its resolved model. A caller that checks
    for more faults, or computes more columns (their names are `computed`), passes a query over `records` that returns
    records.*, fault_column, fault_reason and the computed columns. -#}
{% macro resolve_rows(domain, table, references={}, computed=[]) %}
{%- set staged = winning_versions(domain, table) -%}
{%- set null_text = 'cast(null as ' ~ dbt.type_string() ~ ')' -%}
{%- set no_fault = null_text ~ ' as fault_column, ' ~ null_text ~ ' as fault_reason' -%}
{%- set nothing_found = 'select *, ' ~ no_fault ~ ' from records' -%}
{%- set examined = caller() if caller else nothing_found -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set columns = contract.columns[3:] -%}
{%- set outcome = ['row_state', 'fault_column', 'fault_reason'] -%}
{%- set moments = columns | selectattr('moment', 'defined') | map(attribute='name') | list -%}
{%- set links = columns | selectattr('references', 'defined') | list -%}
{%- set own_links = links | selectattr('references', 'equalto', domain ~ '.' ~ table) | list -%}
{%- set links = links | rejectattr('references', 'equalto', domain ~ '.' ~ table) | list -%}
{%- set required_links = links | selectattr('required', 'defined') | list -%}
{%- set optional_links = links | rejectattr('required', 'defined') | list -%}
{%- set account_link = optional_links | selectattr('name', 'equalto', 'account_id') | list -%}
{%- set deciding_links = account_link + required_links -%}
with

records as (

    {{ staged }}

),

examined as (

    {{ examined }}

),

decided as (

    select
        examined._file,
        examined._row,
        {%- for column in columns %}
        {%- if column in links %}
        {{ accepted_reference(column) }} as {{ column.name }},
        {%- elif column.name in moments or column.carried_by is defined %}
        case
            when examined.{{ column.carried_by or column.name }} > {{ as_of() }} then null
            else examined.{{ column.name }}
        end as {{ column.name }},
        {%- else %}
        examined.{{ column.name }},
        {%- endif %}
        {%- endfor %}
        {%- for name in computed %}
        examined.{{ name }},
        {%- endfor %}
        case
            when examined.row_state <> 'current' then examined.row_state
            {%- for column in required_links %}
            when coalesce({{ column.name }}_record.row_state, 'quarantined') = 'quarantined' then 'quarantined'
            {%- endfor %}
            when examined.fault_reason is not null then 'quarantined'
            {%- for column in deciding_links %}
            when {{ column.name }}_record.row_state in ('deleted', 'future', 'excluded') then 'excluded'
            {%- endfor %}
            else 'accepted'
        end as row_state,
        case
            when examined.row_state <> 'current' then null
            {%- for column in required_links %}
            when coalesce({{ column.name }}_record.row_state, 'quarantined') = 'quarantined' then '{{ column.name }}'
            {%- endfor %}
            else examined.fault_column
        end as fault_column,
        case
            when examined.row_state <> 'current' then null
            {%- for column in required_links %}
            when coalesce({{ column.name }}_record.row_state, 'quarantined') = 'quarantined' then 'orphan'
            {%- endfor %}
            else examined.fault_reason
        end as fault_reason
    from examined
    {%- for column in links %}
    left join {{ referenced_records(column, references) }} as {{ column.name }}_record
        on examined.{{ column.name }} = {{ column.name }}_record.record_id
    {%- endfor %}

)
{%- if own_links %},

accepted_keys as (

    select {{ contract.primary_key[0] }} as record_id from decided where row_state = 'accepted'

),

final as (

    select
        {%- for column in ['_file', '_row'] + columns | map(attribute='name') | list + computed + outcome %}
        {%- if column in own_links | map(attribute='name') %}
        {{ column }}_record.record_id as {{ column }}{{ ',' if not loop.last }}
        {%- else %}
        decided.{{ column }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from decided
    {%- for column in own_links %}
    left join accepted_keys as {{ column.name }}_record
        on decided.{{ column.name }} = {{ column.name }}_record.record_id
    {%- endfor %}

)

select * from final
{%- else %}

select * from decided
{%- endif -%}
{%- endif -%}
{% endmacro %}
