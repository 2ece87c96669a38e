with

received as (

    {% for table in input_tables() %}
    select
        '{{ table }}' as input_table,
        _file as path,
        count(*) as rows_received
    from {{ ref('land_' ~ table.split('.')[1]) }}
    group by _file

    union all
    {% endfor %}
    select
        input_table,
        file_name as path,
        count(*) as rows_received
    from {{ source('intake', 'unreadable_lines') }}
    group by input_table, file_name

),

counted as (

    select
        input_table,
        path,
        sum(rows_received) as rows_received
    from received
    group by input_table, path

),

final as (

    select
        this_build.build_id,
        delivered.input_table,
        delivered.path,
        delivered.size,
        delivered.sha256,
        cast(coalesce(counted.rows_received, 0) as {{ dbt.type_bigint() }}) as rows
    from {{ source('intake', 'delivered_files') }} as delivered
    cross join {{ source('intake', 'this_build') }} as this_build
    left join counted
        on delivered.input_table = counted.input_table and delivered.path = counted.path

)

select * from final
