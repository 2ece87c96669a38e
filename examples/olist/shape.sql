-- Olist's two public data sets, shaped into the tables of the input contract.
-- Olist sells its marketplace service to sellers. So the sellers are the customers, their buyers are
-- the contacts, and the value of a customer is its sales through Olist.
-- ../shape.py loads each file as a table of text in the schema source, runs this file, writes each
-- view of the schemas crm, product, survey and rules as a CSV file of the same name, and prints the
-- counts of the view left_out.

create schema olist;
create schema crm;
create schema product;
create schema survey;
create schema rules;


-- 1 Olist's files, with the contract's names and types ------------------------------------------

-- Olist's times have no time zone, and come from two clocks. First contacts, purchases and the days
-- of reviews are in the local time of Sao Paulo: the reviews of 2017-10-15, a day that began at
-- 01:00 there, have the time 01:00. The hour that occurs twice at the end of daylight saving time is
-- read as standard time. Won dates and answers to reviews are already in UTC: most won dates are at
-- 02:00:00 in daylight saving time and at 03:00:00 outside it, which is midnight in Sao Paulo, and
-- no answer on the day of its review is earlier than that midnight.
create macro sao_paulo_to_utc(local_time) as
    timezone('UTC', timezone('America/Sao_Paulo', local_time::timestamp));

create macro sao_paulo_month(utc_time) as
    date_trunc('month', timezone('America/Sao_Paulo', timezone('UTC', utc_time)))::date;

create table olist.leads as
select
    mql_id as lead_id,
    sao_paulo_to_utc(first_contact_date) as first_contact_at,
    origin
from source.olist_marketing_qualified_leads_dataset;

-- Some people are both a sales-development and a sales representative. A user is in one team at a
-- time, so a person with both roles becomes two users.
create table olist.deals as
select
    mql_id as lead_id,
    seller_id as account_id,
    'sdr-' || sdr_id as marketing_user_id,
    'sr-' || sr_id as sales_user_id,
    won_date::timestamp as won_at,
    business_segment as segment
from source.olist_closed_deals_dataset;

create table olist.sellers as
select seller_id as account_id
from source.olist_sellers_dataset;

create table olist.products as
select
    product_id,
    product_category_name as category
from source.olist_products_dataset;

create table olist.translations as
select
    product_category_name as category,
    product_category_name_english as english_category
from source.product_category_name_translation;

create table olist.orders as
select
    order_id,
    customer_id,
    -- A sale is completed when its payment is approved, which is true for every status from approved
    -- to delivered. A cancelled sale counts as failed and not as refunded, since no file tells when
    -- the money was returned. A status that is not listed stays unchanged, and the warehouse
    -- quarantines it.
    case
        when order_status in ('approved', 'processing', 'invoiced', 'shipped', 'delivered')
            then 'completed'
        when order_status = 'created' then 'pending'
        when order_status in ('canceled', 'unavailable') then 'failed'
        else order_status
    end as status,
    order_purchase_timestamp::date as purchased_on,
    sao_paulo_to_utc(order_purchase_timestamp) as purchased_at
from source.olist_orders_dataset;

-- The joins are left joins, so that an item without an order is kept without a time; the warehouse
-- quarantines it.
-- The freight is paid to the carrier, so it is not part of the sale.
-- A contact belongs to one account, and a buyer may buy from several sellers. So a contact is a
-- buyer at one seller. Olist's customer_id differs from order to order; customer_unique_id
-- identifies the person.
create table olist.sales as
with

items as (
    select * from source.olist_order_items_dataset
),

customers as (
    select * from source.olist_customers_dataset
),

final as (
    select
        items.order_id || '-' || items.order_item_id as transaction_id,
        items.order_id,
        items.order_item_id::integer as order_item_id,
        items.seller_id as account_id,
        items.seller_id || '-' || customers.customer_unique_id as contact_id,
        items.product_id,
        items.price::decimal(18, 2) as price,
        orders.status,
        orders.purchased_on,
        orders.purchased_at
    from items
    left join olist.orders as orders on items.order_id = orders.order_id
    left join customers on orders.customer_id = customers.customer_id
)

select * from final;

create table olist.reviews as
select
    review_id,
    order_id,
    review_score::integer as score,
    nullif(
        concat_ws(
            chr(10),
            nullif(trim(review_comment_title), ''),
            nullif(trim(review_comment_message), '')
        ),
        ''
    ) as comment,
    sao_paulo_to_utc(review_creation_date) as sent_at,
    review_answer_timestamp::timestamp as responded_at
from source.olist_order_reviews_dataset;


-- 2 The tables of the contract ------------------------------------------------------------------

-- Most sellers with a deal are not in the file of sellers, and most sellers in that file have no
-- deal. An account is created on the won date or at the first sale, whichever is earlier, so that
-- no sale is before the creation of its seller. The first contact is earlier still, but at that
-- time nobody knew which leads would become sellers.
create view crm.accounts as
with

sellers as (
    select account_id from olist.sellers
    union
    select account_id from olist.deals
    union
    select account_id from olist.sales
),

first_sales as (
    select
        account_id,
        min(purchased_at) as first_sold_at
    from olist.sales
    group by account_id
),

final as (
    select
        sellers.account_id,
        deals.segment,
        'BR' as country_code,
        least(deals.won_at, first_sales.first_sold_at) as created_at
    from sellers
    left join olist.deals as deals on sellers.account_id = deals.account_id
    left join first_sales on sellers.account_id = first_sales.account_id
)

select * from final;

create view crm.contacts as
select
    contact_id,
    account_id,
    min(purchased_at) as created_at
from olist.sales
where contact_id is not null
group by contact_id, account_id;

create view crm.users as
select
    marketing_user_id as user_id,
    'marketing' as team
from olist.deals
union
select
    sales_user_id as user_id,
    'sales' as team
from olist.deals;

-- A campaign is an origin of leads; one of Olist's origins is called 'unknown'. A lead without an
-- origin has no campaign. No file holds the cost of an origin, so there is no crm.campaign_costs.
create view crm.campaigns as
select distinct
    origin as campaign_id,
    origin as campaign_name,
    origin as channel
from olist.leads
where origin is not null;

-- The data tell neither when a lead was handed to sales nor when sales accepted it. So qualified_at
-- and accepted_at stay empty, and the warehouse has no hand-offs. The won date cannot stand for
-- them, because sales must have had the lead before it won the seller. The people who worked a lead
-- are known only for won leads.
create view crm.leads as
select
    leads.lead_id,
    leads.first_contact_at as created_at,
    leads.origin as channel,
    leads.origin as campaign_id,
    deals.marketing_user_id as owner_user_id,
    deals.account_id,
    deals.sales_user_id,
    deals.won_at as converted_at
from olist.leads as leads
left join olist.deals as deals on leads.lead_id = deals.lead_id;

-- The data mention a deal only when it is won, so it is created on its won date. Olist's deals have
-- no amount, and the revenue that a seller declares is a monthly turnover, and nearly always 0. With
-- an amount of 1, a sum of amounts is a number of deals, on which the pay below is based.
create view crm.opportunities as
select
    lead_id as opportunity_id,
    account_id,
    sales_user_id as owner_user_id,
    lead_id,
    1 as amount,
    'BRL' as currency_code,
    won_at as created_at,
    won_at as closed_at,
    true as is_won
from olist.deals;

create view crm.products as
select
    products.product_id,
    coalesce(translations.english_category, products.category, '(none)') as product_family
from olist.products as products
left join olist.translations as translations on products.category = translations.category;

create view crm.transactions as
select
    transaction_id,
    account_id,
    contact_id,
    product_id,
    'charge' as transaction_type,
    status,
    price as amount,
    'BRL' as currency_code,
    purchased_at as transacted_at
from olist.sales;

-- The value of Olist for a seller is its sales, so the value events of a day are the orders that it
-- got. The user of Olist is the seller, not its buyers, who are the contacts. The CRM knows no
-- person at a seller, so the seller itself is the user. A day with only failed orders is not a day
-- of use.
create view product.usage_days as
select
    account_id,
    account_id as contact_id,
    purchased_on as used_on,
    count(distinct order_id) as value_events
from olist.sales
where status = 'completed'
group by account_id, purchased_on;

create view survey.surveys as
select
    'order_review' as survey_id,
    'csat' as survey_type,
    1 as scale_min,
    5 as scale_max;

-- A review is about an order. It counts once for each seller in the order, as a rating of the
-- seller's first item in it. Several orders of a buyer may have the same review_id, and an order may
-- have several reviews, so the key is made of review, order and seller.
create view olist.seller_reviews as
with

seller_orders as (
    select
        order_id,
        account_id,
        contact_id,
        arg_min(transaction_id, order_item_id) as transaction_id
    from olist.sales
    group by order_id, account_id, contact_id
),

final as (
    select
        reviews.review_id || '-' || reviews.order_id || '-' || seller_orders.account_id
            as seller_review_id,
        seller_orders.account_id,
        seller_orders.contact_id,
        seller_orders.transaction_id,
        reviews.score,
        reviews.comment,
        reviews.sent_at,
        reviews.responded_at
    from olist.reviews as reviews
    inner join seller_orders on reviews.order_id = seller_orders.order_id
)

select * from final;

create view survey.invitations as
select
    seller_review_id as invitation_id,
    'order_review' as survey_id,
    account_id,
    contact_id,
    'transaction' as about_type,
    transaction_id as about_id,
    sent_at
from olist.seller_reviews;

create view survey.responses as
select
    seller_review_id as response_id,
    'order_review' as survey_id,
    seller_review_id as invitation_id,
    account_id,
    contact_id,
    'transaction' as about_type,
    transaction_id as about_id,
    score,
    comment,
    responded_at
from olist.seller_reviews;


-- 3 The rules of pay ----------------------------------------------------------------------------

-- Olist's pay of its people is not known, so two plans are invented that pay for different results:
-- shared pays for the sales of the sellers and for their ratings by buyers, deal_quota only for
-- deals. The target of a result is the team's mean per person and month, and pay is proportional to
-- the result, without threshold or cap. So each plan costs about the target pay of all people, and
-- the plans differ in who is paid how much, and when.

create table olist.credits as
select
    'marketing' as team,
    marketing_user_id as user_id,
    account_id,
    sao_paulo_month(won_at) as won_month
from olist.deals
union all
select
    'sales' as team,
    sales_user_id as user_id,
    account_id,
    sao_paulo_month(won_at) as won_month
from olist.deals;

-- The first and last working day of the people are not known. So a person takes part from the month
-- of their first deal to the month of their last deal. Months after the last sale are not paid,
-- because their results are not known.
create table olist.paid_months as
with

months as (
    select
        team,
        user_id,
        unnest(generate_series(min(won_month), max(won_month), interval 1 month))::date as month
    from olist.credits
    group by team, user_id
),

final as (
    select *
    from months
    where month <= (select max(purchased_on) from olist.sales where status = 'completed')
)

select * from final;

create table olist.targets as
with

results as (
    select
        user_id,
        won_month as month,
        'bookings' as metric_name,
        1 as result
    from olist.credits
    union all
    select
        credits.user_id,
        date_trunc('month', sales.purchased_on)::date as month,
        'cltv_growth' as metric_name,
        sales.price as result
    from olist.credits as credits
    inner join olist.sales as sales on credits.account_id = sales.account_id
    where sales.status = 'completed'
),

team_months as (
    select
        team,
        count(*) as month_count
    from olist.paid_months
    group by team
),

final as (
    select
        paid_months.team,
        results.metric_name,
        round(sum(results.result) / any_value(team_months.month_count), 2) as target
    from results
    inner join olist.paid_months as paid_months
        on results.user_id = paid_months.user_id and results.month = paid_months.month
    inner join team_months on paid_months.team = team_months.team
    group by paid_months.team, results.metric_name
    union all
    -- The satisfaction of a buyer is the position of the score between 1 and 5, as a share.
    select
        credits.team,
        'satisfaction' as metric_name,
        round(avg((reviews.score - 1) / 4), 2) as target
    from olist.credits as credits
    inner join olist.seller_reviews as reviews on credits.account_id = reviews.account_id
    group by credits.team
)

select * from final;

create view rules.comp_plans as
with

-- A what-if plan without participants is computed for the participants of the actual plan.
weights (plan_id, scenario, metric_name, weight) as (
    values
    ('shared', 'actual', 'cltv_growth', 0.7),
    ('shared', 'actual', 'satisfaction', 0.3),
    ('deal_quota', 'deal_quota', 'bookings', 1.0)
),

validity as (
    select
        min(month) as valid_from,
        (max(month) + interval 1 month)::date as valid_to
    from olist.paid_months
),

final as (
    select
        weights.plan_id,
        1 as plan_version,
        weights.scenario,
        validity.valid_from,
        validity.valid_to,
        targets.team,
        weights.metric_name,
        weights.weight,
        null as threshold,
        targets.target,
        null as cap,
        1 as accelerated_rate
    from weights
    inner join olist.targets as targets on weights.metric_name = targets.metric_name
    cross join validity
)

select * from final;

create view rules.comp_participants as
select
    user_id,
    'shared' as plan_id,
    1000 as target_pay,
    min(month) as valid_from,
    (max(month) + interval 1 month)::date as valid_to
from olist.paid_months
group by user_id;


-- 4 Rows without a table: without an item, an order has no seller and so no account ---------------

create view left_out as
select
    'orders without items' as what,
    count(*) as row_count
from olist.orders
where order_id not in (select order_id from olist.sales)
union all
select
    'reviews of orders without items' as what,
    count(*) as row_count
from olist.reviews
where order_id not in (select order_id from olist.sales);
