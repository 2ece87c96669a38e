-- customer_lifetime by hand: the SQL that an analyst would write for this one table, directly from the Parquet files.
-- The variables `input` (the folder) and `as_of` are its arguments; EUR, UTC, 400 days and the types of surveys are
-- constants. A value that does not fit its type becomes null, and its row is dropped if the value is required; nothing
-- is quarantined, counted, tested or documented.

create temp macro as_moment(value) as try_cast(value as timestamp);
create temp macro as_number(value) as try_cast(value as decimal(26, 6));
create temp macro as_true(value) as coalesce(try_cast(value as boolean), false);

-- -------------------------------------------------------------------------------------------- accounts

create temp table accounts as
select
    account_id,
    coalesce(account_type, 'business') as account_type,
    merged_into_account_id as merged_into,
    as_true(is_deleted) and merged_into_account_id is null as is_gone,
    as_moment(created_at) > getvariable('as_of') as is_future
from read_parquet(getvariable('input') || '/crm/accounts/*.parquet', union_by_name = true)
where account_id is not null and as_moment(created_at) is not null
qualify row_number() over (
    partition by account_id
    order by as_moment(_loaded_at) desc nulls last, as_moment(updated_at) desc nulls last, account_name desc
) = 1;

-- the survivor of each account's chain of merges, whose type and state decide for all of them; a circle has no survivor
create temp table survivors as
with recursive chain(account_id, reached) as (
    select account_id, account_id from accounts where not is_gone and not is_future
    union
    select chain.account_id, accounts.merged_into
    from chain inner join accounts on chain.reached = accounts.account_id
    where accounts.merged_into is not null
)
select chain.account_id, accounts.account_id as survivor
from chain inner join accounts on chain.reached = accounts.account_id
where
    accounts.merged_into is null
    and accounts.account_type not in ('internal', 'test')
    and not accounts.is_gone
    and not accounts.is_future;

create temp table contacts as
select
    contact_id,
    account_id,
    merged_into_contact_id as merged_into,
    as_true(is_deleted) and merged_into_contact_id is null as is_gone,
    as_moment(created_at) > getvariable('as_of') as is_future
from read_parquet(getvariable('input') || '/crm/contacts/*.parquet', union_by_name = true)
where contact_id is not null and account_id is not null and as_moment(created_at) is not null
qualify row_number() over (
    partition by contact_id
    order by as_moment(_loaded_at) desc nulls last, as_moment(updated_at) desc nulls last, email desc
) = 1;

create temp table people as
with recursive chain(contact_id, reached) as (
    select contact_id, contact_id from contacts where not is_gone and not is_future
    union
    select chain.contact_id, contacts.merged_into
    from chain inner join contacts on chain.reached = contacts.contact_id
    where contacts.merged_into is not null
)
select chain.contact_id, contacts.contact_id as survivor
from chain
inner join contacts on chain.reached = contacts.contact_id
inner join survivors on contacts.account_id = survivors.account_id
where contacts.merged_into is null and not contacts.is_gone and not contacts.is_future;

-- ----------------------------------------------------------------------------------------------- money

create temp table products as
select product_id, product_family, try_cast(tier as bigint) as tier
from read_parquet(getvariable('input') || '/crm/products/*.parquet', union_by_name = true)
where product_family is not null and (tier is null or try_cast(tier as double) = try_cast(tier as bigint));

-- the latest rate on or before each day; a rate into the euro has priority over the inverse of a rate out of it
create temp table rates as
with quotes as (
    select from_currency, to_currency, try_cast(valid_on as date) as valid_on, try_cast(rate as decimal(20, 12)) as rate
    from read_parquet(getvariable('input') || '/crm/exchange_rates/*.parquet', union_by_name = true)
    where as_number(rate) > 0 and as_number(rate) < 1000000 and try_cast(valid_on as date) <= getvariable('as_of')
    qualify row_number() over (
        partition by from_currency, to_currency, valid_on order by as_moment(_loaded_at) desc nulls last
    ) = 1
),
days as (
    select cast(unnest(generate_series(min(valid_on), getvariable('as_of'), interval 1 day)) as date) as day from quotes
)
select
    days.day,
    if(to_currency = 'EUR', from_currency, to_currency) as currency_code,
    arg_max(if(to_currency = 'EUR', rate, null), valid_on) filter (to_currency = 'EUR') as rate,
    arg_max(rate, valid_on) filter (from_currency = 'EUR') as inverse_rate
from days inner join quotes on quotes.valid_on <= days.day
where 'EUR' in (to_currency, from_currency)
group by all;

create temp table movements_of_money as
with newest as (
    select
        transaction_id,
        trim(account_id, ' ' || chr(160)) as account_id,
        product_id,
        lower(transaction_type) as transaction_type,
        coalesce(lower(trim(status)), 'completed') as status,
        coalesce(as_number(quantity), 1) as quantity,
        as_number(amount) as amount,
        upper(currency_code) as currency_code,
        as_moment(transacted_at) as transacted_at,
        original_transaction_id,
        as_true(is_deleted) as is_deleted
    from read_parquet(getvariable('input') || '/crm/transactions/*.parquet', union_by_name = true)
    where as_number(amount) >= 0 and as_moment(transacted_at) is not null
    qualify row_number() over (
        partition by transaction_id
        order by
            as_moment(_loaded_at) desc nulls last, as_moment(updated_at) desc nulls last, amount::varchar desc
    ) = 1
),
known as (
    select newest.* replace (survivors.survivor as account_id)
    from newest inner join survivors using (account_id)
    where not is_deleted and transacted_at <= getvariable('as_of')
),
-- A reversal is converted with the rate on the day of its original charge.
dated as (
    select known.*, coalesce(originals.transacted_at, known.transacted_at)::date as rated_on
    from known
    left join known as originals
        on known.original_transaction_id = originals.transaction_id and known.transaction_type <> 'charge'
)
select
    transaction_id,
    account_id,
    product_id,
    product_family,
    tier,
    transaction_type,
    transaction_type <> 'charge' as is_reversal,
    quantity,
    amount,
    dated.currency_code,
    transacted_at,
    original_transaction_id,
    cast(
        case
            when dated.currency_code = 'EUR' then amount
            when rates.rate is not null then amount * rates.rate
            else (2 * (amount * 100000000000000)::hugeint + (inverse_rate * 1000000000000)::hugeint)
                // (2 * (inverse_rate * 1000000000000)::hugeint) * 0.01
        end as decimal(38, 2)
    ) as euros,
    -- a charge of 0 is no purchase
    not is_reversal and euros > 0 as is_charge
from dated
left join rates on dated.currency_code = rates.currency_code and dated.rated_on = rates.day
left join products using (product_id)
where
    status = 'completed'
    and transaction_type in ('charge', 'refund', 'chargeback', 'credit')
    and (dated.currency_code = 'EUR' or rates.day is not null);

-- ------------------------------------------------------------------------------------------ expansions

-- The lines with the same timestamp are one purchase, a group, which is compared with the earlier groups.
create temp table charges as
with lines as (
    select
        *,
        max(transacted_at) over (of_account groups between 1 preceding and 1 preceding) as previous_at,
        sum(euros) over (of_family groups between current row and current row) as family_euros,
        sum(euros) over (of_family groups between 1 preceding and 1 preceding) as previous_family_euros,
        max(tier) over (of_family groups between unbounded preceding and 1 preceding) as highest_tier,
        max(quantity) over (of_product groups between 1 preceding and 1 preceding) as previous_quantity
    from movements_of_money
    where is_charge
    window
        of_account as (partition by account_id order by transacted_at),
        of_family as (partition by account_id, product_family order by transacted_at),
        of_product as (partition by account_id, product_id order by transacted_at)
)
select
    transaction_id,
    account_id,
    product_family,
    transacted_at,
    amount,
    currency_code,
    euros,
    family_euros,
    previous_family_euros,
    case
        when previous_at is null then 'new'
        when previous_at + interval 400 days <= transacted_at then 'reactivation'
        when product_family is null then 'repeat'
        when previous_family_euros is null then 'cross_sell'
        when tier > highest_tier or quantity > previous_quantity then 'up_sell'
        else 'repeat'
    end as movement
from lines;

-- The up-sell lines share the growth of their product family, in cents, by the largest-remainder method.
create temp table expansions as
with pools as (
    select
        *,
        sum(euros) over purchase as total,
        least(greatest(family_euros - previous_family_euros, 0), sum(euros) over purchase) as pool
    from charges
    where movement = 'up_sell'
    window purchase as (partition by account_id, product_family, transacted_at)
),
products_in_cents as (
    select
        transaction_id,
        account_id,
        product_family,
        transacted_at,
        (pool * 100)::hugeint as pool,
        (total * 100)::hugeint as total,
        (pool * 100)::hugeint * (euros * 100)::hugeint as product
    from pools
    where total > 0
),
remainders as (
    select
        *,
        product // total as share,
        pool - sum(product // total) over purchase as cents_left,
        row_number() over (purchase order by product % total desc, transaction_id) as place
    from products_in_cents
    window purchase as (partition by account_id, product_family, transacted_at)
)
select transaction_id, (share + if(place <= cents_left, 1, 0))::decimal(38, 0) * 0.01 as expansion from remainders
union all
select transaction_id, euros from charges where movement = 'cross_sell';

-- A reversal of a charge reverses its share of the expansion; in order of time, never more than is left of it.
create temp table reversals as
with shares as (
    select
        lines.transaction_id,
        lines.original_transaction_id,
        lines.transacted_at,
        charges.movement,
        expansion::decimal(38, 2) as expansion,
        -- in the original's currency if the reversal has the same, else in euros
        if(lines.currency_code = charges.currency_code, lines.amount, lines.euros) as part,
        if(lines.currency_code = charges.currency_code, charges.amount, charges.euros) as whole
    from movements_of_money as lines
    inner join charges on lines.original_transaction_id = charges.transaction_id
    inner join expansions on charges.transaction_id = expansions.transaction_id
    where is_reversal
),
given_back as (
    select
        *,
        least(
            expansion,
            sum(
                if(
                    part >= whole,
                    expansion,
                    (
                        (2 * (expansion * 100)::hugeint * (part * 1000000)::hugeint + (whole * 1000000)::hugeint)
                        // (2 * (whole * 1000000)::hugeint)
                    )::decimal(38, 0) * 0.01
                )
            ) over history
        ) as so_far
    from shares
    window history as (
        partition by original_transaction_id order by transacted_at, transaction_id rows unbounded preceding
    )
)
select
    transaction_id,
    movement,
    lag(so_far, 1, 0) over history - so_far as expansion
from given_back
window history as (partition by original_transaction_id order by transacted_at, transaction_id);

-- ---------------------------------------------------------------------------------------- satisfaction

create temp table answers as
with surveys as (
    select survey_id, survey_type, as_number(scale_min) as scale_min, as_number(scale_max) as scale_max
    from read_parquet(getvariable('input') || '/survey/surveys/*.parquet', union_by_name = true)
    where
        survey_type in ('nps', 'csat', 'ces', 'post_purchase', 'touch_rating')
        and as_number(scale_min) < as_number(scale_max)
),
invitations as (
    select
        invitation_id,
        survey_id,
        account_id,
        as_moment(sent_at) as sent_at,
        as_true(is_deleted) as is_deleted
    from read_parquet(getvariable('input') || '/survey/invitations/*.parquet', union_by_name = true)
    where about_type in ('touch', 'ticket', 'opportunity', 'transaction', 'relationship')
    qualify row_number() over (
        partition by invitation_id
        order by as_moment(_loaded_at) desc nulls last, as_moment(updated_at) desc nulls last
    ) = 1
),
sent as (
    select invitation_id
    from invitations
    where
        survey_id in (select survey_id from surveys)
        and (
            account_id is null
            or account_id in (select account_id from survivors)
            or account_id not in (select account_id from accounts)
        )
        and sent_at <= getvariable('as_of')
        and not is_deleted
),
responses as (
    select
        * exclude (score, responded_at, is_deleted),
        as_number(score) as score,
        as_moment(responded_at) as responded_at,
        as_true(is_deleted) as is_deleted
    from read_parquet(getvariable('input') || '/survey/responses/*.parquet', union_by_name = true)
    where as_number(score) is not null and as_moment(responded_at) is not null
    qualify row_number() over (
        partition by response_id
        order by
            as_moment(_loaded_at) desc nulls last, as_moment(updated_at) desc nulls last, score::varchar desc
    ) = 1
),
counted as (
    -- the latest response of a person to a survey about a record
    select
        survivors.survivor as account_id,
        people.survivor as contact_id,
        survey_type = 'nps' as is_nps,
        response_id,
        responded_at,
        score,
        (score - scale_min)::double / (scale_max - scale_min)::double as unit
    from responses
    inner join surveys using (survey_id)
    inner join survivors on responses.account_id = survivors.account_id
    left join people on responses.contact_id = people.contact_id
    left join sent on responses.invitation_id = sent.invitation_id
    where
        not is_deleted
        and responded_at <= getvariable('as_of')
        and score between scale_min and scale_max
        and (survey_type in ('csat', 'post_purchase') or (survey_type = 'nps' and scale_min = 0 and scale_max = 10))
    qualify row_number() over (
        partition by
            responses.survey_id,
            survivors.survivor,
            people.survivor,
            coalesce(about_type, 'relationship'),
            case
                when about_type <> 'relationship' then about_id
                else coalesce('invitation ' || sent.invitation_id, 'response ' || response_id)
            end
        order by responded_at desc, response_id desc
    ) = 1
)
select
    *,
    row_number() over (of_contact order by responded_at desc, response_id desc) as contact_rank,
    row_number() over (of_account order by responded_at desc, response_id desc) as account_rank
from counted
window
    of_contact as (partition by account_id, is_nps, contact_id),
    of_account as (partition by account_id, is_nps);

-- ------------------------------------------------------------------------------------------- customers

create or replace table customer_lifetime as
with money as (
    select
        lines.account_id,
        sum(if(is_charge, lines.euros, -lines.euros)) as cltv,
        sum(if(is_charge, lines.euros, 0)) as gross_amount,
        sum(if(is_charge, 0, -lines.euros)) as reversed_amount,
        count(*) filter (is_charge) as transaction_count,
        count(distinct lines.transacted_at::date) filter (is_charge) as purchase_days,
        min(lines.transacted_at) filter (is_charge) as first_charge_at,
        max(lines.transacted_at) filter (is_charge) as last_charge_at,
        coalesce(
            sum(coalesce(expansions.expansion, reversals.expansion))
                filter (coalesce(charges.movement, reversals.movement) = 'cross_sell'), 0
        ) as cross_sell_expansion,
        coalesce(
            sum(coalesce(expansions.expansion, reversals.expansion))
                filter (coalesce(charges.movement, reversals.movement) = 'up_sell'), 0
        ) as up_sell_expansion
    from movements_of_money as lines
    left join charges using (transaction_id)
    left join expansions using (transaction_id)
    left join reversals using (transaction_id)
    group by lines.account_id
),
satisfaction as (
    select
        account_id,
        1 + 9 * avg(unit) filter (not is_nps and contact_rank = 1) as csat_1_10,
        max(score) filter (is_nps and account_rank = 1) as nps_latest
    from answers
    group by account_id
)
select
    money.*,
    csat_1_10,
    csat_1_10 is not null as is_csat_reported,
    coalesce(csat_1_10, 0) * cltv as ppp,
    nps_latest
from money
left join satisfaction using (account_id)
where transaction_count > 0
order by account_id;
