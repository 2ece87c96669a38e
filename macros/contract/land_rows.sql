{#- Step 1 of a row, before any other row or as_of is looked at: one row per row received of one input table, over all
    connected systems, with the columns of the contract in their types, and

      _row_id       the row, whatever its file is called and in whichever order the files come: a hash of the table, the
                    system, the row as text, and its number among equal rows
      _file, _row   the place of the row in the input, as information
      _row_text     the row as text, which orders versions that no time orders; null if its key was delivered once
      fault_column, fault_reason
                    the first fault of the row itself, in the order missing_required, bad_type, bad_value, out_of_range;
                    null if it has none
      faults        all of these faults as a JSON list of objects with `column` and `reason`

    The source is read again in each place instead of in one CTE: DuckDB streams a source that is read once and skips
    the columns that are not used, but keeps every row of a CTE that is read twice in memory. -#}
{% macro land_rows(domain, table) %}
{%- set systems = {} -%}
{%- for connector in var('connectors') -%}
    {%- set received = source(domain, table) if connector == 'files' else ref('stg_' ~ connector ~ '__' ~ table) -%}
    {%- do systems.update({connector: received}) -%}
{%- endfor -%}
{%- if execute -%}
{%- set contract = input_contract(domain, table) -%}
{%- set final_columns = ['_row_id', '_file', '_row', '_row_text'] + contract.columns | map(attribute='name') | list -%}
with

{% for system, received in systems.items() %}
{{ landed_rows(domain ~ '.' ~ table, contract, system, received) }},

{% endfor -%}
final as (
    {%- for system in systems %}

    select
        {{ (final_columns + ['fault_column', 'fault_reason', 'faults']) | join(',\n        ') }}
    from {{ system }}_landed
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
{%- endif -%}
{% endmacro %}


{#- CTEs that end with <system>_landed: the rows of one input table that one system delivered. -#}
{% macro landed_rows(name, contract, system, received) -%}
{%- set key_values = [] -%}
{%- for column in contract.columns if column.name in contract.primary_key -%}
    {%- do key_values.append(landed_value(column, 'received') | trim) -%}
{%- endfor -%}
{%- set row_text = row_as_text(contract.columns, 'received', "chr(31)") -%}
-- Different keys can have the same fingerprint by chance. That is harmless: a record's versions share the key itself.
{{ system }}_repeated_keys as (

    select {{ fingerprint(key_values) }} as key_fingerprint
    from {{ received }} as received
    group by {{ fingerprint(key_values) }}
    having count(*) > 1

),

-- Only rows whose key came more than once can be equal.
{{ system }}_repeated as (

    select
        received._file,
        received._row,
        {{ row_as_text(contract.columns, 'received', "'|'") }} as _row_text,
        row_number() over (
            partition by {{ row_text }}
            order by received._file, received._row
        ) as occurrence
    from {{ received }} as received
    inner join {{ system }}_repeated_keys as repeated_keys
        on {{ fingerprint(key_values) }} = repeated_keys.key_fingerprint

),

{{ system }}_typed as (

    select
        {{ digest("'" ~ name ~ '|' ~ system ~ "|' || " ~ row_text) }} as row_digest,
        received._file,
        received._row
        {%- for column in contract.columns %},
        {{ landed_value(column, 'received') }} as {{ column.name }},
        {{ is_filled('received.' ~ column.name) }} as has_{{ column.name }}
        {%- endfor %}
    from {{ received }} as received

),

{{ system }}_checked as (

    select
        *,
        {{ first_fault(own_faults(contract.columns)) }} as fault
    from {{ system }}_typed

),

{{ system }}_landed as (

    select
        case
            when repeated.occurrence > 1
                then {{ digest("cast(checked.row_digest as " ~ dbt.type_string() ~ ") || '|' || cast(repeated.occurrence as " ~ dbt.type_string() ~ ")") }}
            else checked.row_digest
        end as _row_id,
        checked._file,
        checked._row,
        repeated._row_text,
        {%- for column in contract.columns %}
        {%- if column.default is defined %}
        coalesce(checked.{{ column.name }}, {{ literal(column.default, column.type) }}) as {{ column.name }},
        {%- else %}
        checked.{{ column.name }},
        {%- endif %}
        {%- endfor %}
        {{ fault_columns(own_faults(contract.columns, 'checked'), 'checked.fault') }}
    from {{ system }}_checked as checked
    left join {{ system }}_repeated as repeated
        on checked._file = repeated._file and checked._row = repeated._row

)
{%- endmacro %}


{#- A raw column in the type and the form in which landing stores it. -#}
{% macro landed_value(column, relation) -%}
    {%- set value = parse_value(relation ~ '.' ~ column.name, column.type) -%}
    {%- if column.folded == 'upper' -%}
    upper({{ value }})
    {%- elif 'values' in column -%}
    lower({{ value }})
    {%- elif column.kinds is defined -%}
    case
        {%- for kind, rules in column.kinds.items() if 'values' in rules %}
        when {{ folded('cast(' ~ relation ~ '.' ~ column.kind_column ~ ' as ' ~ dbt.type_string() ~ ')') }} = '{{ kind }}' then lower({{ value }})
        {%- endfor %}
        else {{ value }}
    end
    {%- else -%}
    {{ value }}
    {%- endif -%}
{%- endmacro %}
