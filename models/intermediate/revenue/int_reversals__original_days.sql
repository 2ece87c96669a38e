with

versions as (

    {{ version_ranks('crm', 'transactions') }}

),

transactions as (

    {{ latest_versions('crm', 'transactions') }}

),

accounts as (

    {{ accepted_rows(ref('rec_accounts')) }}

),

rates as (

    select * from {{ ref('int_exchange_rates__daily') }}

),

reversals as (

    select * from transactions
    where
        row_state = 'current'
        and transaction_type in ('refund', 'chargeback', 'credit')
        and original_transaction_id is not null

),

-- The day of the original counts only if the original will be accepted. That is decided here by the same rules, because
-- rec_transactions reads this model.
final as (

    select
        reversals.transaction_id,
        {{ local_day('originals.transacted_at') }} as original_on
    from reversals
    inner join transactions as originals
        on reversals.original_transaction_id = originals.transaction_id
    inner join accounts
        on originals.account_id = accounts.account_id
    left join rates
        on
            originals.currency_code = rates.currency_code
            and {{ local_day('originals.transacted_at') }} = rates.rated_on
    where
        originals.row_state = 'current'
        and not {{ is_bad_money('originals.amount', 'originals.currency_code', 'rates') }}

)

select * from final
