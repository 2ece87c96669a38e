with

referrals as (

    {{ accepted_rows(ref('rec_referrals')) }}

),

leads as (

    {{ accepted_rows(ref('rec_leads')) }}

),

contacts as (

    {{ accepted_rows(ref('rec_contacts')) }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

-- A merged user is one more e-mail address of the surviving user, who decides whether it is a bot's.
staff as (

    select distinct {{ folded('users.email') }} as email
    from users
    inner join users as survivors
        on users.surviving_id = survivors.user_id
    where
        not survivors.is_bot
        and {{ folded('users.email') }} is not null

),

judged as (

    select
        referrals.*,
        leads.qualified_at,
        referrer_staff.email is not null or referred_staff.email is not null as is_staff,
        coalesce(referrals.referrer_account_id = leads.account_id, false)
        or coalesce(referrals.referrer_account_id = referred.account_id, false)
        or coalesce(referrals.referrer_contact_id = leads.contact_id, false) as is_self_referral
    from referrals
    inner join leads
        on referrals.referred_lead_id = leads.lead_id
    left join contacts as referrers
        on referrals.referrer_contact_id = referrers.contact_id
    left join contacts as referred
        on leads.contact_id = referred.contact_id
    left join staff as referrer_staff
        on {{ folded('referrers.email') }} = referrer_staff.email
    left join staff as referred_staff
        on {{ folded('referred.email') }} = referred_staff.email

),

-- only the first valid referral of a lead counts; staff and self-referrals are ranked apart, so they take no place
ranked as (

    select
        *,
        not is_staff and not is_self_referral and row_number() over (
            partition by referred_lead_id, is_staff or is_self_referral
            order by referred_at, referral_id
        ) = 1 as is_counted
    from judged

),

final as (

    select
        referral_id,
        referrer_account_id,
        referrer_contact_id,
        referred_lead_id,
        referred_at,
        is_counted,
        case when is_counted and qualified_at is not null then greatest(qualified_at, referred_at) end as realised_at
    from ranked

)

select * from final
