with

staged as (

    {{ winning_versions('crm', 'contacts') }}

),

accounts as (

    select * from {{ ref('rec_accounts') }}

),

examined as (

    select
        staged.*,
        accounts.surviving_id as surviving_account_id,
        accounts.row_state as account_state,
        coalesce(
            staged.row_state = 'current' and coalesce(accounts.row_state, 'quarantined') = 'quarantined', false
        ) as is_orphan
    from staged
    left join accounts
        on staged.account_id = accounts.account_id

),

-- A contact whose account is missing counts as missing for the contacts that were merged into it.
records as (

    select * from examined
    where not is_orphan

),

{{ merge_survivors('contact_id', 'merged_into_contact_id') }},

-- The state of the surviving contact and of its account decide for every contact that was merged into it.
decided as (

    select
        examined.*,
        survivors.contact_id as surviving_id,
        case
            when examined.row_state <> 'current' then examined.row_state
            when examined.is_orphan or merged_records.is_bad_merge then 'quarantined'
            when survivors.row_state in ('deleted', 'future') then 'excluded'
            when survivors.account_state in ('deleted', 'future', 'excluded') then 'excluded'
            else 'accepted'
        end as resolved_state
    from examined
    left join merged_records
        on examined.contact_id = merged_records.record_id
    left join records as survivors
        on coalesce(merged_records.surviving_id, examined.contact_id) = survivors.contact_id

),

final as (

    select
        _file,
        _row,
        contact_id,
        surviving_id,
        case when account_state = 'accepted' then surviving_account_id end as account_id,
        email,
        merged_into_contact_id,
        created_at,
        resolved_state as row_state,
        case
            when resolved_state <> 'quarantined' then null
            when is_orphan then 'account_id'
            else 'merged_into_contact_id'
        end as fault_column,
        case
            when resolved_state <> 'quarantined' then null
            when is_orphan then 'orphan'
            else 'bad_merge'
        end as fault_reason
    from decided

)

select * from final
