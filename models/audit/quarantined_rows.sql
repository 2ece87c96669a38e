with

faulty_rows as (

    {% for table in input_tables() %}
    {%- set domain, name = table.split('.') %}
    {{ quarantined_rows(domain, name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

unreadable_lines as (

    select
        input_table,
        cast(null as {{ dbt.type_string() }}) as row_key,
        'unreadable_line' as reason,
        column_name,
        '[{"column": null, "reason": "unreadable_line"}]' as faults,
        {{ json_of({'line': 'line_text', 'line_sha256': 'line_sha256'}) }} as row_json,
        cast(null as {{ dbt.type_timestamp() }}) as first_seen_at,
        file_name,
        row_number,
        line_number
    from {{ source('intake', 'unreadable_lines') }}

),

quarantined as (

    select
        *,
        {{ sha256_of('row_json') }} as row_sha256
    from (
        select * from faulty_rows
        union all
        select * from unreadable_lines
    ) as all_rows

),

final as (

    select
        input_table,
        row_sha256,
        row_number() over (
            partition by input_table, row_sha256
            order by file_name, row_number, line_number
        ) as occurrence,
        row_key,
        reason,
        column_name,
        {{ json_member('row_json', 'column_name') }} as value,
        faults,
        row_json,
        first_seen_at,
        file_name,
        row_number,
        line_number
    from quarantined

)

select * from final
