{#- The quarantined rows of one input table, each with all columns as they arrived. Personal data is shown as its
    SHA-256. -#}
{% macro quarantined_rows(domain, table) %}
{%- set received = source(domain, table) -%}
{%- set staged = ref('land_' ~ table) -%}
{%- set resolved = ref('rec_' ~ table) -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set members = {} -%}
{%- for column in contract.columns -%}
    {%- do members.update({column.name: shown_value(column, 'received')}) -%}
{%- endfor -%}
select
    '{{ domain }}.{{ table }}' as input_table,
    {{ row_as_text(contract.columns | selectattr('name', 'in', contract.primary_key), 'received') }} as row_key,
    faulty.fault_reason as reason,
    faulty.fault_column as column_name,
    {{ json_of(members) }} as row_json,
    coalesce({{ parse_value('received._loaded_at', 'timestamp') }}, {{ as_of() }}) as first_seen_at,
    received._file as file_name,
    received._row as row_number,
    cast(null as {{ dbt.type_bigint() }}) as line_number
from (
    select _file, _row, fault_column, fault_reason from {{ staged }} where row_state = 'quarantined'
    union all
    select _file, _row, fault_column, fault_reason from {{ resolved }} where row_state = 'quarantined'
) as faulty
inner join {{ received }} as received
    on faulty._file = received._file and faulty._row = received._row
{%- endif -%}
{% endmacro %}
