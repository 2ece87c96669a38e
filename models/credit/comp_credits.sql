{{ config(schema='compensation', access='public', contract={'enforced': true}) }}

with

credits as (

    select * from {{ ref('credit_accounts') }}
    where
        valid_from <= {{ as_of() }}
        and (valid_to is null or valid_to > {{ as_of() }})

),

customers as (

    select * from {{ ref('customer_lifetime') }}

),

final as (

    select
        credits.account_id || ':' || credits.side || ':' || credits.candidate_rank as credit_id,
        credits.account_id,
        credits.side,
        credits.user_id,
        credits.rule,
        credits.candidate_rank,
        credits.weight,
        credits.source_table,
        credits.source_id
    from credits
    inner join customers
        on credits.account_id = customers.account_id

)

select * from final
