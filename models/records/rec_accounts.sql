with

records as (

    {{ winning_versions('crm', 'accounts') }}

),

{{ merge_survivors('account_id', 'merged_into_account_id') }},

-- The type and the state of the surviving account decide for every account that was merged into it.
decided as (

    select
        records.*,
        case
            when records.row_state <> 'current' then records.row_state
            when merged_records.is_bad_merge then 'quarantined'
            when survivors.row_state in ('deleted', 'future') then 'excluded'
            when survivors.account_type in ('internal', 'test') then 'excluded'
            else 'accepted'
        end as resolved_state,
        survivors.account_id as surviving_id
    from records
    left join merged_records
        on records.account_id = merged_records.record_id
    left join records as survivors
        on coalesce(merged_records.surviving_id, records.account_id) = survivors.account_id

),

final as (

    select
        decided._file,
        decided._row,
        decided.account_id,
        decided.surviving_id,
        decided.account_name,
        decided.account_type,
        parents.surviving_id as parent_account_id,
        decided.merged_into_account_id,
        decided.segment,
        decided.industry,
        decided.country_code,
        decided.created_at,
        decided.resolved_state as row_state,
        case when decided.resolved_state = 'quarantined' then 'merged_into_account_id' end as fault_column,
        case when decided.resolved_state = 'quarantined' then 'bad_merge' end as fault_reason
    from decided
    left join decided as parents
        on
            decided.parent_account_id = parents.account_id
            and parents.resolved_state = 'accepted'

)

select * from final
