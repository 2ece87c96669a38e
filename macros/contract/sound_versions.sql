{#- Every sound version of every record of an input table, over all connected systems: some of the contract's columns, is_deleted
    and version_rank (1 of the newest). -#}
{% macro sound_versions(table, columns) %}
    {%- for connector in var('connectors') %}
    select
        {{ columns | join(',\n        ') }},
        is_deleted,
        version_rank
    from {{ ref('stg_' ~ connector ~ '__' ~ table) }}
    where row_state <> 'quarantined'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
