-- Guards M7 and M10: who has left by the end of the last month has left as of as_of.
select
    customers.account_id,
    customers.has_left,
    states.has_left as has_left_by_months
from {{ ref('customer_lifetime') }} as customers
inner join {{ ref('customer_month_states') }} as states
    on customers.account_id = states.account_id
where
    states.month = {{ local_month(as_of()) }}
    and customers.has_left <> states.has_left
