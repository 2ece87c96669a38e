-- Customers' purchases that follow the assumptions of the forecast models, as the relation int_transactions__counted in
-- a separate warehouse. The variable `customers` is the number of customers, `as_of` the moment of the forecast. Every
-- value is a hash of the row's number and a salt, so the data are the same on every run.
--
-- Purchase rates are gamma with shape 1 and rate 4.9 weeks, lapsing rates gamma with shape 0.8 and rate 40 weeks
-- (Pareto/NBD). Spend is Gamma-Gamma with p = 3, q = 3 and gamma = 60, drawn as sums of three exponential variables.
-- Given the time that a customer was alive, the number of its purchases is geometric, and their moments are uniform.

create macro chance(number, salt) as ((hash(number * 64 + salt) >> 11) + 0.5) / 9007199254740992.0;
create macro gamma_3(number, salt) as -ln(chance(number, salt) * chance(number, salt + 1) * chance(number, salt + 2));

create schema intermediate;
create schema raw_crm; -- because of this schema, the plugin does not connect the sample company

create table intermediate.int_transactions__counted as
with

customers as (

    select
        i,
        chance(i, 1) * 156 as age,
        least(age, 40 * (chance(i, 2) ** (-1 / 0.8) - 1)) as lived,
        floor(ln(chance(i, 3)) / ln(lived / (lived + 4.9)))::bigint as repeats,
        60 / gamma_3(i, 4) as spend_scale
    from generate_series(1, getvariable('customers')) as numbers (i)

),

purchases as (

    select
        i,
        age - case when place = 0 then 0 else lived * chance(i * 8192 + place, 8) end as weeks_ago,
        spend_scale * gamma_3(i * 8192 + place, 10) as spend,
        i * 8192 + place as number
    from customers, unnest(generate_series(0, least(repeats, 8191))) as places (place)

)

select
    'purchase_' || number as transaction_id,
    'account_' || i as account_id,
    'charge' as transaction_type,
    null::varchar as original_transaction_id,
    getvariable('as_of') - to_microseconds((weeks_ago * 7 * 86400000000)::bigint) as transacted_at,
    spend::decimal(38, 2) as reporting_amount
from purchases;
