{#- The references of an input table to other tables, a list with an entry per column and referenced table: column,
    references, alias (of the joined record), is_required, is_needed (a filled value that leads nowhere makes the row an
    orphan), decides (a record that is deleted, future or excluded excludes the row), and condition (in SQL, of a column
    that refers to different tables; else none). -#}
{% macro links_of(columns, own_table) %}
    {%- set links = [] -%}
    {%- for column in columns -%}
        {%- if column.references is defined and column.references != own_table -%}
            {%- set is_guest = column.empty == 'excluded' -%}
            {%- do links.append({
                'column': column.name,
                'references': column.references,
                'alias': column.name ~ '_record',
                'is_required': column.required or false,
                'is_needed': column.required or is_guest,
                'decides': column.required or column.name == 'account_id',
                'condition': none,
            }) -%}
        {%- endif -%}
        {%- for kind, rules in (column.kinds or {}).items() if rules.references is defined -%}
            {%- do links.append({
                'column': column.name,
                'references': rules.references,
                'alias': column.name ~ '_' ~ kind ~ '_record',
                'is_required': false,
                'is_needed': false,
                'decides': false,
                'condition': 'examined.' ~ column.kind_column ~ " = '" ~ kind ~ "'",
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(links) }}
{% endmacro %}


{#- The columns that refer to other records of the same table, except the one that names the survivor of a merge. -#}
{% macro own_links_of(contract, own_table) %}
    {%- set names = [] -%}
    {%- for column in contract.columns if column.references == own_table and column.name != contract.merged_into -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{#- Subquery of the records that a link can lead to: record_id, row_state and, if the table has merges,
    surviving_id. -#}
{% macro referenced_records(link, targets) %}
    {%- set target = contract_of(link.references) -%}
    {%- set records = targets[link.references].records -%}
    {%- if target.primary_key | length > 1 -%}
    (
        select distinct {{ target.primary_key[0] }} as record_id, row_state
        from {{ records }}
        where row_state = 'accepted'
    )
    {%- else -%}
    (
        select {{ target.primary_key[0] }} as record_id, row_state{{ ', surviving_id' if target.merged_into }}
        from {{ records }}
        where row_state <> 'superseded'
    )
    {%- endif -%}
{% endmacro %}


{#- Subquery of the keys of rows that landing found faulty, as record_id. -#}
{% macro faulty_keys(link, targets) %}
    {%- set key = contract_of(link.references).primary_key[0] -%}
    (
        select distinct {{ key }} as record_id from {{ targets[link.references].landed }}
        where faults is not null and {{ key }} is not null
    )
{%- endmacro %}


{#- One input table of the contract, by its name '<domain>.<table>'. -#}
{% macro contract_of(name) %}
    {{ return(input_contract(*name.split('.'))) }}
{% endmacro %}


{#- The value of a column in a record: of a link, the accepted record or the one that it was merged into, null if there
    is none; of a moment later than as_of, and of what it carries, null. -#}
{% macro linked_value(column, links) -%}
    {%- set found = links | selectattr('column', 'equalto', column.name) | list -%}
    {%- if found and column.kinds is defined -%}
        case
            {%- for link in found %}
            when {{ link.condition }} then {{ accepted_reference(link) }}
            {%- endfor %}
            else examined.{{ column.name }}
        end
    {%- elif found -%}
        {{ accepted_reference(found[0]) }}
    {%- elif column.moment or column.carried_by -%}
        case
            when examined.{{ column.carried_by or column.name }} > {{ as_of() }} then null
            else examined.{{ column.name }}
        end
    {%- else -%}
        examined.{{ column.name }}
    {%- endif -%}
{%- endmacro %}


{% macro accepted_reference(link) -%}
    {%- set read_as = 'surviving_id' if contract_of(link.references).merged_into else 'record_id' -%}
    case when {{ link.alias }}.row_state = 'accepted' then {{ link.alias }}.{{ read_as }} end
{%- endmacro %}


{#- The faults of links that lead nowhere, or to a record that is quarantined itself. -#}
{% macro orphan_faults(links) %}
    {%- set faults = [] -%}
    {%- for link in links if link.is_needed -%}
        {%- set state = link.alias ~ '.row_state' -%}
        {%- set is_filled = 'examined.' ~ link.column ~ ' is not null' -%}
        {%- set is_faulty = link.alias ~ '_faulty.record_id' -%}
        {%- do faults.append((
            link.column, 'orphan', is_filled ~ ' and ' ~ state ~ ' is null and ' ~ is_faulty ~ ' is null'
        )) -%}
        {%- do faults.append((
            link.column,
            'orphan_of_quarantined',
            state ~ " = 'quarantined' or (" ~ state ~ ' is null and ' ~ is_faulty ~ ' is not null)',
        )) -%}
    {%- endfor -%}
    {{ return(faults) }}
{% endmacro %}


{#- The faults of the values of a record against each other, and the given ones, in the order of the columns. -#}
{% macro further_faults(columns, given) %}
    {%- set faults = [] -%}
    {%- for column in columns -%}
        {%- for rule, operator in [('not_before', '<'), ('at_most', '>'), ('below', '>=')] if rule in column -%}
            {%- do faults.append((
                column.name, 'bad_value', 'examined.' ~ column.name ~ ' ' ~ operator ~ ' examined.' ~ column[rule]
            )) -%}
        {%- endfor -%}
        {%- for fault in given if fault[0] == column.name -%}
            {%- do faults.append(fault) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(faults) }}
{% endmacro %}


{#- True if a record is excluded for what it says or what it leads to. -#}
{% macro is_out(columns, links) -%}
    (
        false
        {%- for column in columns if column.excludes is defined %}
        or examined.{{ column.name }} in ('{{ column.excludes | join("', '") }}')
        {%- endfor %}
        {%- for column in columns if column.empty == 'excluded' %}
        or examined.{{ column.name }} is null
        {%- endfor %}
        {%- for link in links if link.decides %}
        or coalesce({{ link.alias }}.row_state in ('deleted', 'future', 'excluded'), false)
        {%- endfor %}
    )
{%- endmacro %}


{#- True if an optional reference of a record leads to no accepted record. -#}
{% macro is_broken(links) -%}
    (
        false
        {%- for link in links if not link.is_required %}
        or (
            {{ link.condition ~ ' and ' if link.condition }}examined.{{ link.column }} is not null
            and coalesce({{ link.alias }}.row_state <> 'accepted', true)
        )
        {%- endfor %}
    )
{%- endmacro %}
