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
{%- set is_merged = contract.merged_into ~ ' is not null' if contract.merged_into else 'false' -%}
with

received as (

    select * from {{ received }}

),

typed as (

    select
        _file,
        _row,
        {%- for column in contract.columns %}
        {{ parse_value(column.name, column.type) }} as {{ column.name }},
        {{ column.name }} is not null as has_{{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from received

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

repeated_keys as (

    select {{ key | join(', ') }}
    from typed
    group by {{ key | join(', ') }}
    having count(*) > 1

),

versions as (

    select
        checked._file,
        checked._row,
        row_number() over (
            partition by {% for column in key %}checked.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                checked._loaded_at desc nulls last,
                checked.updated_at desc nulls last,
                {{ row_as_text(contract.columns, 'received') }} desc,
                checked._file,
                checked._row
        ) as version_rank
    from checked
    inner join repeated_keys
        on {% for column in key %}checked.{{ column }} = repeated_keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
    inner join received
        on checked._file = received._file and checked._row = received._row
    where checked.fault is null

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
        {{ dbt.split_part('checked.fault', "'|'", 1) }} as fault_column,
        {{ dbt.split_part('checked.fault', "'|'", 2) }} as fault_reason
    from checked
    left join versions
        on checked._file = versions._file and checked._row = versions._row

)

select * from final
{%- endif -%}
{% endmacro %}
