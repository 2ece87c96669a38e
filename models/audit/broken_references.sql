{%- for table in input_tables() %}
-- depends_on: {{ ref('land_' ~ table.split('.')[1]) }}, {{ ref('rec_' ~ table.split('.')[1]) }}
{%- endfor %}
{%- set links = optional_links() if execute else [] %}

with

-- Each value that an accepted row lost.
lost as (
    {% for link in links %}
    select
        '{{ link.input_table }}' as input_table,
        '{{ link.column }}' as column_name,
        '{{ link.references }}' as referenced_table,
        landed.{{ link.column }} as value
    from {{ ref('rec_' ~ link.table) }} as records
    inner join {{ ref('land_' ~ link.table) }} as landed
        on records._row_id = landed._row_id
    where
        records.has_broken_reference
        and landed.{{ link.column }} is not null
        and records.{{ link.column }} is null
        {{ 'and ' ~ link.condition if link.condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- The lost values that lead to a record which is deleted, future or excluded, but there.
gone as (
    {% for name in links | map(attribute='references') | unique | sort %}
    select distinct
        '{{ name }}' as referenced_table,
        {{ contract_of(name).primary_key[0] }} as value
    from {{ ref('rec_' ~ name.split('.')[1]) }}
    where
        row_state in ('deleted', 'future', 'excluded')
        and {{ contract_of(name).primary_key[0] }} in (
            select lost.value from lost
            where lost.referenced_table = '{{ name }}'
        )
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

absent as (
    {% for name in links | map(attribute='references') | unique | sort %}
    select '{{ name }}' as referenced_table
    where
        not exists (select 1 from {{ ref('land_' ~ name.split('.')[1]) }})
        and '{{ name }}' not in (select input_table from {{ source('intake', 'unreadable_lines') }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

kept as (
    {% for table, of_table in links | groupby('input_table') %}
    {%- for column, of_column in of_table | groupby('column') %}
    {%- set conditions = of_column | map(attribute='condition') | reject('none') | join(' or ') %}
    select
        '{{ table }}' as input_table,
        '{{ column }}' as column_name,
        count({{ column }}) as kept_count
    from {{ ref('rec_' ~ table.split('.')[1]) }}
    where row_state = 'accepted'{{ ' and (' ~ conditions | replace('landed.', '') ~ ')' if conditions }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (

    select
        lost.input_table,
        lost.column_name,
        lost.value,
        count(*) as value_count,
        count(gone.value) as gone_count,
        count(absent.referenced_table) as absent_count
    from lost
    left join gone
        on lost.referenced_table = gone.referenced_table and lost.value = gone.value
    left join absent
        on lost.referenced_table = absent.referenced_table
    group by lost.input_table, lost.column_name, lost.value

),

ranked as (

    select
        *,
        row_number() over (
            partition by input_table, column_name
            order by value_count desc, value asc
        ) as place
    from counted

),

summed as (

    select
        input_table,
        column_name,
        sum(value_count) as row_count,
        count(*) as distinct_values,
        sum(gone_count) as gone_count,
        sum(absent_count) as absent_count,
        {{ dbt.listagg(
            "case when place <= 5 then " ~ json_text(shown_text('value')) ~ " end", "', '", "order by place"
        ) }} as examples
    from ranked
    group by input_table, column_name

),

final as (

    select
        summed.input_table,
        summed.column_name,
        cast(summed.row_count as {{ dbt.type_bigint() }}) as rows,
        cast(summed.distinct_values as {{ dbt.type_bigint() }}) as distinct_values,
        '[' || summed.examples || ']' as examples,
        cast(summed.row_count + kept.kept_count as {{ dbt.type_bigint() }}) as filled,
        cast(summed.gone_count as {{ dbt.type_bigint() }}) as to_gone,
        cast(summed.absent_count as {{ dbt.type_bigint() }}) as to_absent
    from summed
    inner join kept
        on summed.input_table = kept.input_table and summed.column_name = kept.column_name

)

select * from final
