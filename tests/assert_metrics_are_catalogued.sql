-- Guards metric_values in models/metrics/_metrics__models.yml: every metric has its row of the seed
-- metric_catalog, every row its metric, and marketing and sales share each.
with

catalog as (

    select * from {{ ref('metric_catalog') }}

),

metrics as (
    {% for metric_name in metric_kinds() %}
    select '{{ metric_name }}' as metric_name
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        coalesce(metrics.metric_name, catalog.metric_name) as metric_name,
        case
            when catalog.metric_name is null then 'is computed and has no row in metric_catalog'
            when metrics.metric_name is null then 'has a row in metric_catalog and is not computed'
            else 'is not shared by marketing|sales'
        end as fault
    from metrics
    full join catalog
        on metrics.metric_name = catalog.metric_name
    where
        metrics.metric_name is null
        or catalog.metric_name is null
        or catalog.shared_by <> 'marketing|sales'

)

select * from final
