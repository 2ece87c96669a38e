with

-- The rows that arrived are counted apart from their states, so that a row that gets lost in between shows as a
-- difference.
received as (

    {% for table in input_tables() %}
    {%- set domain, name = table.split('.') %}
    select
        '{{ table }}' as input_table,
        count(*) as received
    from {{ source(domain, name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

states as (

    {% for table in input_tables() %}
    {%- set domain, name = table.split('.') %}
    select
        '{{ table }}' as input_table,
        'quarantined' as row_state,
        count(*) as rows_counted
    from {{ ref('land_' ~ name) }}
    where faults is not null

    union all

    select
        '{{ table }}' as input_table,
        row_state,
        count(*) as rows_counted
    from {{ ref('rec_' ~ name) }}
    group by row_state
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

unreadable as (

    select
        input_table,
        count(*) as unreadable
    from {{ source('intake', 'unreadable_lines') }}
    group by input_table

),

counted as (

    select
        {%- for state in ['accepted', 'superseded', 'deleted', 'excluded', 'future', 'quarantined'] %}
        sum(case when row_state = '{{ state }}' then rows_counted else 0 end) as {{ state }},
        {%- endfor %}
        input_table
    from states
    group by input_table

),

final as (

    select
        received.input_table,
        cast(received.received + coalesce(unreadable.unreadable, 0) as {{ dbt.type_bigint() }}) as received,
        {%- for state in ['accepted', 'superseded', 'deleted', 'excluded', 'future'] %}
        cast(coalesce(counted.{{ state }}, 0) as {{ dbt.type_bigint() }}) as {{ state }},
        {%- endfor %}
        cast(
            coalesce(counted.quarantined, 0) + coalesce(unreadable.unreadable, 0) as {{ dbt.type_bigint() }}
        ) as quarantined
    from received
    left join counted
        on received.input_table = counted.input_table
    left join unreadable
        on received.input_table = unreadable.input_table

)

select * from final
