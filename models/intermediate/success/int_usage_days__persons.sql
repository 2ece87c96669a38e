with

usage_days as (

    {{ accepted_rows(ref('rec_usage_days')) }}

),

contacts as (

    {{ accepted_rows(ref('rec_contacts')) }}

),

-- A person who is not in the CRM counts as a person by the delivered identifier.
persons as (

    select
        usage_days.account_id,
        coalesce(contacts.surviving_id, usage_days.contact_id) as person_id,
        usage_days.used_on,
        usage_days.value_events
    from usage_days
    left join contacts
        on usage_days.contact_id = contacts.contact_id

),

final as (

    select
        account_id,
        person_id,
        used_on,
        sum(value_events) as value_events,
        max(value_events) >= 1 as is_active
    from persons
    group by account_id, person_id, used_on

)

select * from final
