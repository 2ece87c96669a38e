-- Guards M6 in docs/metrics.md: the number of transfers of a ticket equals its rows in fct_ticket_transfers.
with

tickets as (

    select * from {{ ref('fct_tickets') }}

),

transfers as (

    select
        ticket_id,
        count(*) as transfer_count
    from {{ ref('fct_ticket_transfers') }}
    group by ticket_id

),

final as (

    select
        tickets.ticket_id,
        tickets.transfer_count as found,
        coalesce(transfers.transfer_count, 0) as expected
    from tickets
    left join transfers
        on tickets.ticket_id = transfers.ticket_id
    where tickets.transfer_count <> coalesce(transfers.transfer_count, 0)

)

select * from final
