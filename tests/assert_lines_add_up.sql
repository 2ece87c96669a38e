-- Guards M10 in docs/metrics.md: the pay adds up at every step, from the payout to the facts behind it.
select
    period,
    user_id,
    metric_name,
    what,
    expected,
    found
from {{ ref('comp_line_checks') }}
where not is_equal
