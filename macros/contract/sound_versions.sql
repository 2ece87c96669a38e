{#- Every version of every record of an input table that is not quarantined, over all connected systems: the given
    columns, is_deleted and version_rank (1 is the latest version). -#}
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
