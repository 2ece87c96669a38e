with

ticket_times as (

    select * from {{ ref('ticket_times') }}

),

final as (

    select
        subject_type,
        subject_id,
        tickets,
        tickets - events as still_waiting,
        round(median_minutes / 60, 1) as median_hours,
        round(median_low / 60, 1) as median_hours_low,
        round(median_high / 60, 1) as median_hours_high,
        round(p90_minutes / 60, 1) as p90_hours
    from ticket_times
    where
        measure = 'first_response'
        and month is null
    order by subject_type asc, median_minutes desc nulls first, subject_id asc

)

select * from final
