-- Guards M5 in docs/metrics.md: every touch for which a rating is due is in exactly one of three states. Its rating was
-- requested, or it can still be requested and is listed in rating_requests_due, or its time is over.
with

touches as (

    select * from {{ ref('fct_touches') }}

),

requests as (

    select * from {{ ref('rating_requests_due') }}

),

compliance as (

    select
        coalesce(sum(eligible_touches), 0) as eligible_touches,
        coalesce(sum(due_touches), 0) as due_touches,
        coalesce(sum(due_touches_over), 0) as due_touches_over
    from {{ ref('rating_policy_compliance') }}

),

totals as (

    select
        count(touches.touch_number) as eligible_touches,
        count(case when touches.is_rating_due then 1 end) as due_touches,
        count(case
            when touches.is_rating_due and not touches.is_rating_invited and requests.touch_id is null then 1
        end) as missed,
        count(requests.touch_id) as listed,
        count(case
            when requests.touch_id is not null and (touches.is_rating_invited or not touches.is_rating_due) then 1
        end) as listed_in_vain
    from touches
    left join requests
        on touches.touch_id = requests.touch_id

),

final as (

    select
        totals.*,
        compliance.due_touches_over
    from totals
    cross join compliance
    where
        totals.eligible_touches <> compliance.eligible_touches
        or totals.due_touches <> compliance.due_touches
        or totals.missed > compliance.due_touches_over
        or totals.listed > totals.due_touches - compliance.due_touches_over
        or totals.listed_in_vain > 0

)

select * from final
