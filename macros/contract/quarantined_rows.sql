{#- The quarantined rows of one input table, each with all columns as they arrived. A value that may hold personal data
    is hidden or masked (shown_values.sql). -#}
{% macro quarantined_rows(domain, table) %}
{%- set received = source(domain, table) -%}
{%- set landed = ref('land_' ~ table) -%}
{%- set records = ref('rec_' ~ table) -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set is_personal = contract.columns | selectattr('pii', 'defined') | list | length > 0 -%}
{%- set members = {} -%}
{%- for column in contract.columns -%}
    {%- set is_key = column.name in contract.primary_key -%}
    {%- do members.update({column.name: shown_value(column, 'received', is_personal, is_key)}) -%}
{%- endfor -%}
select
    '{{ domain }}.{{ table }}' as input_table,
    concat_ws(
        '|'
        {%- for name in contract.primary_key -%}
        , coalesce({{ members[name] }}, '')
        {%- endfor -%}
    ) as row_key,
    faulty.fault_reason as reason,
    faulty.fault_column as column_name,
    faulty.faults,
    {{ json_of(members) }} as row_json,
    faulty._loaded_at as first_seen_at,
    received._file as file_name,
    received._row as row_number,
    cast(null as {{ dbt.type_bigint() }}) as line_number
from (
    select _file, _row, _loaded_at, fault_column, fault_reason, faults from {{ landed }}
    where faults is not null
    union all
    select
        landed._file, landed._row, landed._loaded_at, records.fault_column, records.fault_reason, records.faults
    from {{ records }} as records
    inner join {{ landed }} as landed
        on records._row_id = landed._row_id
    where records.row_state = 'quarantined'
) as faulty
inner join {{ received }} as received
    on faulty._file = received._file and faulty._row = received._row
{%- endif -%}
{% endmacro %}
