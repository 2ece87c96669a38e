with

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where
        about_type = 'ticket'
        and score_unit < {{ var('flag_unhappy_below') }}

),

transfers as (

    select * from {{ ref('fct_ticket_transfers') }}

),

-- If a person lost the ticket several times before the rating, only the latest time counts.
ranked as (

    select
        responses.response_id,
        responses.responded_at,
        responses.score_unit,
        responses.about_user_id,
        transfers.ticket_id,
        transfers.from_user_id,
        transfers.to_user_id,
        transfers.transferred_at,
        row_number() over (
            partition by responses.response_id, transfers.from_user_id
            order by transfers.transferred_at desc, transfers.event_id desc
        ) as transfer_rank
    from responses
    inner join transfers
        on
            responses.about_id = transfers.ticket_id
            and responses.responded_at >= transfers.transferred_at
            and responses.responded_at
            < {{ dbt.dateadd('day', var('flag_transfer_days'), 'transfers.transferred_at') }}

),

final as (

    select
        'reassigned_before_bad_rating:' || response_id || ':' || from_user_id as flag_id,
        'reassigned_before_bad_rating' as flag_type,
        from_user_id as user_id,
        {{ local_month('responded_at') }} as month,
        'Ticket ' || ticket_id || ' went from ' || from_user_id || ' to ' || to_user_id || ' '
        || {{ shown_number(as_minutes(elapsed_microseconds('transferred_at', 'responded_at')) ~ ' / 1440', 1) }}
        || ' days before the rating ' || response_id || ' of ' || {{ shown_number('score_unit', 2) }}
        || ' (from 0 to 1), which is about ' || coalesce(about_user_id, 'nobody') || '.' as evidence,
        responded_at as raised_at
    from ranked
    where transfer_rank = 1

)

select * from final
