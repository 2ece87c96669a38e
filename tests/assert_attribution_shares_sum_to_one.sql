-- Guards M8: what the first, the middle and the last touch points take is all of it, and never negative.
select
    attribution_model,
    first_share,
    middle_share,
    last_share
from {{ ref('attribution_models') }}
where
    coalesce(first_share + middle_share + last_share, 0) <> 1
    or least(first_share, middle_share, last_share) < 0
