{#- Step 1 of a row, before any other row or as_of is looked at: one row per row received of one input table, over all
    connected systems, with the columns of the contract in their types, and

      _row_id       the row, whatever its file is called and in whichever order the files come: a hash of the table, the
                    system, the row as text, and its number among equal rows
      _file, _row   the place of the row in the input, as information
      _row_text     the row as text, which orders versions that no time orders; null if its key was delivered once
      public_<name> the value of a column with public_where in rows in which it is no personal data, else null
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
{%- set final_columns = ['_row_id', '_file', '_row', '_row_text']
    + (contract.columns + contract.public_columns) | map(attribute='name') | list -%}
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
    {%- do key_values.append(key_value(column, 'received.' ~ column.name) | trim) -%}
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

{{ system }}_trimmed as (

    select
        received.*,
        {%- for column in contract.columns %}
        {{ trimmed_text('received.' ~ column.name) }} as text_{{ column.name }},
        {%- endfor %}
        {{ digest("'" ~ name ~ '|' ~ system ~ "|' || " ~ row_text) }} as row_digest
    from {{ received }} as received

),

{{ system }}_typed as (

    select
        row_digest,
        _file,
        _row
        {%- for column in contract.columns %},
        {{ landed_value(column, column.name, 'text_' ~ column.name) }} as {{ column.name }},
        {{ is_filled(column.name, 'text_' ~ column.name) }} as has_{{ column.name }}
        {%- endfor %}
    from {{ system }}_trimmed

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
                then {{ digest("concat_ws('|', checked.row_digest, repeated.occurrence)") }}
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
        {#- A default says nothing of the row, so the values before the defaults decide. #}
        {%- for column in contract.public_columns %}
        case
            when true
                {%- for name, values in column.where.items() %}
                and checked.{{ name }} in ('{{ values | join("', '") }}')
                {%- endfor %}
                then checked.{{ column.value }}
        end as {{ column.name }},
        {%- endfor %}
        {{ fault_columns(own_faults(contract.columns, 'checked'), 'checked.fault') }}
    from {{ system }}_checked as checked
    left join {{ system }}_repeated as repeated
        on checked._file = repeated._file and checked._row = repeated._row

)
{%- endmacro %}


{#- A raw column in the type and the form in which landing stores it; `text` is its trimmed text, if there is one. -#}
{% macro landed_value(column, value, text=none) -%}
    {%- set parsed = parse_value(value, column.type, text) -%}
    {%- if column.folded == 'upper' -%}
    upper({{ parsed }})
    {%- elif 'values' in column -%}
    lower({{ parsed }})
    {%- elif 'kinds' in column -%}
    case
        {%- for kind, rules in column.kinds.items() if 'values' in rules %}
        when lower(text_{{ column.kind_column }}) = '{{ kind }}' then lower({{ parsed }})
        {%- endfor %}
        else {{ parsed }}
    end
    {%- else -%}
    {{ parsed }}
    {%- endif -%}
{%- endmacro %}


{#- The value of a column of the key by which rows that may be equal are found: equal keys have equal values. -#}
{% macro key_value(column, value) -%}
    {%- if column.type != 'text' -%}
    {{ parse_value(value, column.type) }}
    {%- elif column.folded == 'upper' or 'values' in column -%}
    upper({{ trimmed_text(value) }})
    {%- else -%}
    {{ trimmed_text(value) }}
    {%- endif -%}
{%- endmacro %}
