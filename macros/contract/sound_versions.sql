{#- Every version of every record of an input table that is not quarantined: the given columns, is_deleted and
    version_rank (1 is the latest version). -#}
{% macro sound_versions(table, columns) %}
    select
        {{ columns | join(',\n        ') }},
        is_deleted,
        version_rank
    from {{ ref('land_' ~ table) }}
    where row_state <> 'quarantined'
{% endmacro %}
