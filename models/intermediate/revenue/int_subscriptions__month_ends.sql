with

subscriptions as (

    {{ accepted_rows(ref('rec_subscriptions')) }}

),

products as (

    {{ accepted_rows(ref('rec_products')) }}

),

lines as (

    select
        subscriptions.subscription_id,
        subscriptions.account_id,
        products.product_family,
        products.tier,
        subscriptions.quantity,
        subscriptions.reporting_amount as mrr,
        subscriptions.started_on,
        subscriptions.ended_on,
        subscriptions.end_reason
    from subscriptions
    inner join products
        on subscriptions.product_id = products.product_id

),

-- The current month ends on the local day of as_of, because later changes are not known.
month_ends as (

    select
        month,
        ends_on,
        {{ month_end('next_month') }} as next_ends_on
    from {{ ref('int_months__spanned') }}

),

-- The line that the account started on the day of a migration; the smallest subscription_id if it started several.
followers as (

    select
        account_id,
        started_on,
        product_family,
        row_number() over (
            partition by account_id, started_on
            order by subscription_id
        ) as follower_number
    from lines

),

final as (

    select
        lines.subscription_id,
        month_ends.month,
        lines.account_id,
        lines.product_family,
        case
            when lines.end_reason = 'migrated' and lines.ended_on <= month_ends.next_ends_on
                then coalesce(followers.product_family, lines.product_family)
            else lines.product_family
        end as next_product_family,
        lines.tier,
        lines.quantity,
        lines.mrr,
        coalesce(lines.ended_on <= month_ends.next_ends_on, false) as is_ended_next_month,
        coalesce(lines.end_reason = 'involuntary', false) as is_involuntary
    from lines
    inner join month_ends
        on
            lines.started_on <= month_ends.ends_on
            and (lines.ended_on is null or lines.ended_on > month_ends.ends_on)
    left join followers
        on
            lines.account_id = followers.account_id
            and lines.ended_on = followers.started_on
            and followers.follower_number = 1

)

select * from final
