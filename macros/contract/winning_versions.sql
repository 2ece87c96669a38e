{#- The latest version of every record of an input table, over all connected systems: _file, _row, the columns of
    the contract, and row_state (current, deleted or future). -#}
{% macro winning_versions(domain, table) %}
    {%- for connector in var('connectors') -%}
    {%- set staged = ref('stg_' ~ connector ~ '__' ~ table) -%}
    {%- if execute -%}
    select
        _file,
        _row,
        {%- for column in input_contract(domain, table).columns[3:] %}
        {{ column.name }},
        {%- endfor %}
        row_state
    from {{ staged }}
    where row_state in ('deleted', 'future', 'current')
    {%- endif -%}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- endfor -%}
{% endmacro %}
