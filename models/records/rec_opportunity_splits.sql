{% call resolve_rows('crm', 'opportunity_splits', references={
    'crm.opportunities': ref('rec_opportunities'),
    'crm.users': ref('rec_users'),
}) %}

    select
        records.*,
        case when sums.share <> 1 then 'share' end as fault_column,
        case when sums.share <> 1 then 'bad_split' end as fault_reason
    from records
    left join {{ ref('rec_users') }} as users
        on records.user_id = users.user_id
    left join (
        select
            records.opportunity_id,
            users.team,
            sum(records.share) as share
        from records
        inner join {{ ref('rec_users') }} as users
            on records.user_id = users.user_id
        where records.row_state = 'current'
        group by records.opportunity_id, users.team
    ) as sums
        on records.opportunity_id = sums.opportunity_id and users.team = sums.team

{% endcall %}
