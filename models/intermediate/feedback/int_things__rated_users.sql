{{ config(materialized='view') }}

with

touches as (

    {{ accepted_rows(ref('rec_touches')) }}

),

tickets as (

    select * from {{ ref('int_tickets__first_responses') }}

),

deals as (

    select * from {{ ref('int_opportunities__owners_at_close') }}

),

final as (

    select
        'touch' as about_type,
        touch_id as about_id,
        user_id
    from touches

    union all

    select
        'ticket' as about_type,
        ticket_id as about_id,
        first_responder_user_id as user_id
    from tickets

    union all

    select
        'opportunity' as about_type,
        opportunity_id as about_id,
        owner_at_close_user_id as user_id
    from deals

)

select * from final
