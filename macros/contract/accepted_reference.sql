{#- Subquery of the records that a column can refer to: record_id, row_state and, if the table has merges,
    surviving_id (the record at the end of the chain of merges). -#}
{% macro referenced_records(column, references) %}
    {%- set domain, table = column.references.split('.') -%}
    {%- set target = input_contract(domain, table) -%}
    {%- set record_id = target.primary_key[0] -%}
    {%- if target.primary_key | length > 1 -%}
    (
        select distinct {{ record_id }} as record_id, row_state
        from {{ references[column.references] }}
        where row_state = 'accepted'
    )
    {%- else -%}
    (
        select {{ record_id }} as record_id, row_state{{ ', surviving_id' if target.merged_into }}
        from {{ references[column.references] }}
    )
    {%- endif -%}
{% endmacro %}


{#- The value of a reference in an accepted row: the accepted record, or the one that it was merged into; null if
    there is no accepted record. -#}
{% macro accepted_reference(column) %}
    {%- set domain, table = column.references.split('.') -%}
    {%- set record = column.name ~ '_record' -%}
    {%- set read_as = 'surviving_id' if input_contract(domain, table).merged_into else 'record_id' -%}
    case when {{ record }}.row_state = 'accepted' then {{ record }}.{{ read_as }} end
{%- endmacro %}
