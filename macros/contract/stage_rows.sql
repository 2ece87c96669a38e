{#- Steps 1 to 4 of a row: every row received of one input table, cast to the types of the contract, with

      row_state     quarantined (the row itself is faulty), superseded, deleted, future or current
      fault_column, fault_reason
                    of a quarantined row: the first reason that applies, in the order missing_required, bad_type,
                    bad_value, out_of_range, and the first column to which it applies
      version_rank  rank among the versions of the record, 1 is the latest; null of a quarantined row
      _file, _row   the place of the row in the input

    Only keys that were delivered more than once are ranked, because ranking needs each row as text. The source is read
    again in each place instead of in one CTE: DuckDB streams a source that is read once and skips the columns that are
    not used, but keeps every row of a CTE that is read twice in memory. -#}
{% macro stage_rows(domain, table) %}
{%- set received = source(domain, table) -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set key = contract.primary_key -%}
{%- set types = dict(zip(contract.columns | map(attribute='name'), contract.columns | map(attribute='type'))) -%}
{%- set key_values = [] -%}
{%- for column in key -%}
    {%- do key_values.append(parse_value('received.' ~ column, types[column])) -%}
{%- endfor -%}
{%- set is_merged = contract.merged_into ~ ' is not null' if contract.merged_into else 'false' -%}
with

-- Different keys can have the same fingerprint by chance. That is harmless: `versions` ranks by the key itself.
repeated_keys as (

    select {{ fingerprint(key_values) }} as key_fingerprint
    from {{ received }} as received
    group by {{ fingerprint(key_values) }}
    having count(*) > 1

),

repeated as (

    select received.*
    from {{ received }} as received
    inner join repeated_keys
        on {{ fingerprint(key_values) }} = repeated_keys.key_fingerprint

),

repeated_typed as (

    select
        {{ typed_columns(contract.columns, 'repeated') }},
        {{ row_as_text(contract.columns, 'repeated') }} as row_text,
        {{ row_as_text(contract.columns, 'repeated', '\n') }} as row_lines
    from repeated

),

versions as (

    select
        _file,
        _row,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by _loaded_at desc nulls last, updated_at desc nulls last, row_text desc, row_lines desc, _file, _row
        ) as version_rank
    from repeated_typed
    where {{ fault_of(contract.columns) }} is null

),

typed as (

    select
        {{ typed_columns(contract.columns, 'received') }}
    from {{ received }} as received

),

checked as (

    select
        *,
        {{ fault_of(contract.columns) }} as fault
    from typed

),

final as (

    select
        checked._file,
        checked._row,
        {%- for column in contract.columns %}
        {%- if column.default is defined %}
        coalesce(checked.{{ column.name }}, {{ literal(column.default, column.type) }}) as {{ column.name }},
        {%- else %}
        checked.{{ column.name }},
        {%- endif %}
        {%- endfor %}
        case
            when checked.fault is not null then 'quarantined'
            when versions.version_rank > 1 then 'superseded'
            when checked.is_deleted and not ({{ is_merged }}) then 'deleted'
            {%- if contract.event_time %}
            when checked.{{ contract.event_time }} > {{ as_of() }} then 'future'
            {%- endif %}
            else 'current'
        end as row_state,
        case when checked.fault is null then coalesce(versions.version_rank, 1) end as version_rank,
        {{ dbt.split_part('checked.fault', "'|'", 1) }} as fault_column,
        {{ dbt.split_part('checked.fault', "'|'", 2) }} as fault_reason
    from checked
    left join versions
        on checked._file = versions._file and checked._row = versions._row

)

select * from final
{%- endif -%}
{% endmacro %}


{#- The columns of a raw relation cast to the contract's types, and for each column that can be faulty has_<column>:
    true if the raw value is not null. -#}
{% macro typed_columns(columns, relation) -%}
        {{ relation }}._file,
        {{ relation }}._row
        {%- for column in columns %},
        {{ parse_value(relation ~ '.' ~ column.name, column.type) }} as {{ column.name }}
        {%- if column.required or column.type != 'text' %},
        {{ relation }}.{{ column.name }} is not null as has_{{ column.name }}
        {%- endif %}
        {%- endfor %}
{%- endmacro %}


{#- The first fault of a typed row as '<column>|<reason>'; null if the row has none. -#}
{% macro fault_of(columns) -%}
        case
            {%- for column in columns if column.required %}
            when not has_{{ column.name }} then '{{ column.name }}|missing_required'
            {%- endfor %}
            {%- for column in columns if column.type != 'text' %}
            when has_{{ column.name }} and {{ column.name }} is null then '{{ column.name }}|bad_type'
            {%- endfor %}
            {%- for column in columns if 'values' in column %}
            when {{ column.name }} not in ('{{ column['values'] | join("', '") }}') then '{{ column.name }}|bad_value'
            {%- endfor %}
            {%- for column in columns %}
            {%- if column.type in ('integer', 'decimal') %}
            when {{ column.name }} >= {{ value_bound() }} or {{ column.name }} <= -{{ value_bound() }}
                then '{{ column.name }}|out_of_range'
            {%- endif %}
            {%- for bound, operator in [('min', '<'), ('max', '>'), ('min_exclusive', '<=')] if bound in column %}
            when {{ column.name }} {{ operator }} {{ column[bound] }} then '{{ column.name }}|out_of_range'
            {%- endfor %}
            {%- endfor %}
        end
{%- endmacro %}
