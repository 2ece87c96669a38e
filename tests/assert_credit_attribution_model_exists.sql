-- Guards M10: the campaigns that are credited are those of a model that there is.
select
    'credit_attribution_model is {{ var("credit_attribution_model") }}, '
    || 'which attribution_models.csv does not have.' as fault
from (select 1 as one) as asked
where '{{ var("credit_attribution_model") }}' not in (
    select attribution_models.attribution_model from {{ ref('attribution_models') }} as attribution_models
)
