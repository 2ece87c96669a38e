{{ config(materialized='view') }}

with

usage_days as (

    {{ accepted_rows(ref('int_usage_days__resolved')) }}

),

contacts as (

    {{ accepted_rows(ref('int_contacts__resolved')) }}

),

-- a person whom the CRM does not know is one, too
final as (

    select
        usage_days.account_id,
        coalesce(contacts.surviving_id, usage_days.contact_id) as person_id,
        usage_days.used_on,
        usage_days.value_events
    from usage_days
    left join contacts
        on usage_days.contact_id = contacts.contact_id

)

select * from final
