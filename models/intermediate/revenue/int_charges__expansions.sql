with

movements as (

    select * from {{ ref('int_charges__movements') }}

),

-- The pool: the rise of the family, which its up-sell lines in one purchase share.
pools as (

    select
        account_id,
        transacted_at,
        product_family,
        count(*) as line_count,
        sum(reporting_amount) as up_sell_amount,
        least(
            greatest(max(family_amount) - max(previous_family_amount), 0),
            sum(reporting_amount)
        ) as pool_amount
    from movements
    where movement = 'up_sell'
    group by account_id, transacted_at, product_family

),

lines as (

    select
        movements.transaction_id,
        movements.account_id,
        movements.transacted_at,
        movements.product_family,
        {{ to_cents('movements.reporting_amount') }} as line_cents,
        {{ to_cents('pools.pool_amount') }} as pool_cents,
        {{ to_cents('pools.up_sell_amount') }} as total_cents,
        pools.line_count
    from movements
    inner join pools
        on
            movements.account_id = pools.account_id
            and movements.transacted_at = pools.transacted_at
            and movements.product_family = pools.product_family
    where movements.movement = 'up_sell'

),

-- Rounding down leaves some cents of the pool; they go to the lines with the largest remainders.
floored as (

    select
        *,
        case
            when line_count = 1 or pool_cents = total_cents then least(line_cents, pool_cents)
            else {{ divide_whole('pool_cents * line_cents', 'total_cents') }}
        end as floor_cents
    from lines

),

ranked as (

    select
        *,
        pool_cents - sum(floor_cents) over (partition by account_id, transacted_at, product_family) as left_cents,
        row_number() over (
            partition by account_id, transacted_at, product_family
            order by
                case
                    when line_count > 1 and pool_cents < total_cents
                        then pool_cents * line_cents - floor_cents * total_cents
                end desc,
                transaction_id
        ) as remainder_rank
    from floored

),

up_sells as (

    select
        transaction_id,
        {{ from_cents('floor_cents + case when remainder_rank <= left_cents then 1 else 0 end') }} as expansion_amount
    from ranked

),

final as (

    select
        movements.transaction_id,
        movements.movement,
        movements.reporting_amount,
        cast(
            case
                when movements.movement = 'cross_sell' then movements.reporting_amount
                else coalesce(up_sells.expansion_amount, 0)
            end as {{ money_type() }}
        ) as expansion_amount
    from movements
    left join up_sells
        on movements.transaction_id = up_sells.transaction_id

)

select * from final
