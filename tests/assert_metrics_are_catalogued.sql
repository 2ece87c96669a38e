-- Guards the seed metric_catalog: every metric of metric_parts has a row in it, and marketing and sales share each
-- metric.
with

catalog as (

    select * from {{ ref('metric_catalog') }}

),

computed as (

    select distinct metric_name
    from {{ ref('metric_parts') }}

)

select
    coalesce(computed.metric_name, catalog.metric_name) as metric_name,
    case
        when catalog.metric_name is null then 'is computed and has no row in metric_catalog'
        else 'is not shared by marketing|sales'
    end as fault
from computed
full join catalog
    on computed.metric_name = catalog.metric_name
where
    catalog.metric_name is null
    or catalog.shared_by <> 'marketing|sales'
