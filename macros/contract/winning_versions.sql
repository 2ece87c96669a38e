{#- The latest version of every record of an input table: _file, _row, the columns of the contract, and row_state
    (current, deleted or future). -#}
{% macro winning_versions(domain, table) %}
    {%- set landed = ref('land_' ~ table) -%}
    {%- if execute -%}
    select
        _file,
        _row,
        {%- for column in input_contract(domain, table).columns[3:] %}
        {{ column.name }},
        {%- endfor %}
        row_state
    from {{ landed }}
    where row_state in ('deleted', 'future', 'current')
    {%- endif -%}
{% endmacro %}
