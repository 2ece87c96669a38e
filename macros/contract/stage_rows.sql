{#- Steps 1 to 4 of the way of a row: every row received of one input table, cast to the contract's types, with

      row_state     quarantined (faulty by itself) | superseded | deleted | future | current
      fault_column, fault_reason
                    of a quarantined row: missing_required, bad_type, bad_value or out_of_range, the first that applies, and the
                    first column to which it does
      _file, _row   where the row stands

    Versions that share a key are ranked only where a key was delivered more than once: ranking needs each row as text. -#}
{% macro stage_rows(domain, table) %}
{%- set received = source(domain, table) -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set key = contract.primary_key -%}
{%- set types = dict(zip(contract.columns | map(attribute='name'), contract.columns | map(attribute='type'))) -%}
{%- set is_merged = contract.merged_into ~ ' is not null' if contract.merged_into else 'false' -%}
with

received as (

    select * from {{ received }}

),

repeated_keys as (

    select
        {%- for column in key %}
        {{ parse_value(column, types[column]) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from received
    group by {% for column in key %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
    having count(*) > 1

),

typed as (

    select
        received._file,
        received._row,
        {%- for column in contract.columns %}
        {{ parse_value('received.' ~ column.name, column.type) }} as {{ column.name }},
        {%- if column.required or column.type != 'text' %}
        received.{{ column.name }} is not null as has_{{ column.name }},
        {%- endif %}
        {%- endfor %}
        case when repeated_keys.{{ key[0] }} is not null then {{ row_as_text(contract.columns, 'received') }} end as row_text,
        case when repeated_keys.{{ key[0] }} is not null then {{ row_as_text(contract.columns, 'received', '\n') }} end as row_lines
    from received
    left join repeated_keys
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}{{ parse_value('received.' ~ column, types[column]) }} = repeated_keys.{{ column }}
            {%- endfor %}

),

checked as (

    select
        *,
        case
            {%- for column in contract.columns if column.required %}
            when not has_{{ column.name }} then '{{ column.name }}|missing_required'
            {%- endfor %}
            {%- for column in contract.columns if column.type != 'text' %}
            when has_{{ column.name }} and {{ column.name }} is null then '{{ column.name }}|bad_type'
            {%- endfor %}
            {%- for column in contract.columns if 'values' in column %}
            when {{ column.name }} not in ('{{ column['values'] | join("', '") }}') then '{{ column.name }}|bad_value'
            {%- endfor %}
            {%- for column in contract.columns %}
            {%- for bound, operator in [('min', '<'), ('max', '>'), ('min_exclusive', '<=')] if bound in column %}
            when {{ column.name }} {{ operator }} {{ column[bound] }} then '{{ column.name }}|out_of_range'
            {%- endfor %}
            {%- endfor %}
        end as fault
    from typed

),

versions as (

    select
        _file,
        _row,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by _loaded_at desc nulls last, updated_at desc nulls last, row_text desc, row_lines desc, _file, _row
        ) as version_rank
    from checked
    where row_text is not null and fault is null

),

superseded as (

    select
        _file,
        _row
    from versions
    where version_rank > 1

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
            when superseded._row is not null then 'superseded'
            when checked.is_deleted and not ({{ is_merged }}) then 'deleted'
            {%- if contract.event_time %}
            when checked.{{ contract.event_time }} > {{ as_of() }} then 'future'
            {%- endif %}
            else 'current'
        end as row_state,
        {{ dbt.split_part('checked.fault', "'|'", 1) }} as fault_column,
        {{ dbt.split_part('checked.fault', "'|'", 2) }} as fault_reason
    from checked
    left join superseded
        on checked._file = superseded._file and checked._row = superseded._row

)

select * from final
{%- endif -%}
{% endmacro %}
