-- Guards M10 in docs/metrics.md: the attribution model that decides the credit of campaigns exists.
select
    'credit_attribution_model is {{ var("credit_attribution_model") }}, '
    || 'which attribution_models.csv does not have.' as fault
from (select 1 as one) as asked
where '{{ var("credit_attribution_model") }}' not in (
    select attribution_models.attribution_model from {{ ref('attribution_models') }} as attribution_models
)
