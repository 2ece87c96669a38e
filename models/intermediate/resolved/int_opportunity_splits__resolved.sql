{% call resolve_rows('crm', 'opportunity_splits', references={
    'crm.opportunities': ref('int_opportunities__resolved'),
    'crm.users': ref('int_users__resolved'),
}) %}

    select
        records.*,
        case when sums.share <> 1 then 'share' end as fault_column,
        case when sums.share <> 1 then 'bad_split' end as fault_reason
    from records
    left join {{ ref('int_users__resolved') }} as users
        on records.user_id = users.user_id
    left join (
        select
            records.opportunity_id,
            users.team,
            sum(records.share) as share
        from records
        inner join {{ ref('int_users__resolved') }} as users
            on records.user_id = users.user_id
        where records.row_state = 'current'
        group by records.opportunity_id, users.team
    ) as sums
        on records.opportunity_id = sums.opportunity_id and users.team = sums.team

{% endcall %}
