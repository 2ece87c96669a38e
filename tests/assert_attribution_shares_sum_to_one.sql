-- Guards M8 in docs/metrics.md: the shares of the first, the middle and the last touch points of an attribution model
-- sum to 1, and none is negative.
select
    attribution_model,
    first_share,
    middle_share,
    last_share
from {{ ref('attribution_models') }}
where
    coalesce(first_share + middle_share + last_share, 0) <> 1
    or least(first_share, middle_share, last_share) < 0
