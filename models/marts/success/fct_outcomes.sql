with

outcomes as (

    {{ accepted_rows(ref('rec_outcomes')) }}

),

final as (

    select
        outcome_id,
        account_id,
        opportunity_id,
        outcome_name,
        weight,
        defined_at,
        due_at,
        {{ local_day('due_at') }} as due_on,
        achieved_at,
        verified_at,
        verified_by,
        abandoned_at,
        -- an outcome that was abandoned before it was due is no longer wanted
        coalesce(due_at <= {{ as_of() }} and not coalesce(abandoned_at < due_at, false), false) as is_due,
        coalesce(verified_at is not null and verified_by = 'customer', false) as is_verified,
        coalesce(verified_at <= due_at and verified_by = 'customer', false) as is_verified_on_time
    from outcomes

)

select * from final
