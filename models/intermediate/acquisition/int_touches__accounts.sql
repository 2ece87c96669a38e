{{ config(materialized='view') }}

with

touches as (

    {{ accepted_rows(ref('rec_touches')) }}

),

contacts as (

    {{ accepted_rows(ref('rec_contacts')) }}

),

leads as (

    {{ accepted_rows(ref('rec_leads')) }}

),

-- `union` drops repetitions, so that a touch counts once for an account to which it leads in several ways.
final as (

    select
        touch_id,
        account_id
    from touches
    where account_id is not null

    union

    select
        touches.touch_id,
        contacts.account_id
    from touches
    inner join contacts
        on touches.contact_id = contacts.contact_id

    union

    select
        touches.touch_id,
        leads.account_id
    from touches
    inner join leads
        on touches.lead_id = leads.lead_id
    where leads.account_id is not null

)

select * from final
