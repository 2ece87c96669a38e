with

account_months as (

    select * from {{ ref('contrib_customers') }}

),

ratings as (

    select * from {{ ref('contrib_ratings') }}

),

subjects as (

    select * from {{ ref('credit_subjects') }}

),

-- Answers are averaged per customer first, so that a customer who answers often counts once.
opinions as (

    select
        account_id,
        month,
        {{ score_quotient('sum(csat_unit)', 'count(csat_unit)') }} as csat_unit,
        {{ score_quotient('sum(touch_rating_unit)', 'count(touch_rating_unit)') }} as touch_rating_unit,
        {{ score_quotient('count(promoter)', 'count(nps_unit)') }} as promoter_share,
        {{ score_quotient('count(detractor)', 'count(nps_unit)') }} as detractor_share
    from ratings
    group by account_id, month

),

customers as (

    select
        account_months.*,
        opinions.csat_unit,
        opinions.touch_rating_unit,
        opinions.promoter_share,
        opinions.detractor_share
    from account_months
    left join opinions
        on
            account_months.is_customer
            and account_months.account_id = opinions.account_id
            and account_months.month = opinions.month

),

-- Money is weighted by the credit. Customers who answered count as one each, so that n is a number of customers.
final as (

    select
        subjects.subject_type,
        subjects.subject_id,
        subjects.side,
        customers.month,
        count(case when customers.is_customer then 1 end) as customers,
        coalesce(sum(subjects.weight * customers.cltv), 0) as cltv,
        coalesce(sum(subjects.weight * customers.responders_cltv), 0) as responders_cltv,
        coalesce(sum({{ weighted_ppp('subjects.weight', 'customers.ppp') }}), 0) as ppp,
        -- Pay reads the figure of an employee, so its exact shares are summed first and rounded once.
        case
            when subjects.subject_type = 'employee'
                then cast(cast(coalesce(sum(
                    case when subjects.subject_type = 'employee' then subjects.weight * customers.ppp end
                ), 0) as {{ score_type() }}) as {{ metric_part_type() }})
            else cast(
                coalesce(sum({{ weighted_ppp('subjects.weight', 'customers.ppp') }}), 0) as {{ metric_part_type() }}
            )
        end as yielded_ppp,
        count(customers.starting_mrr) as subscribers,
        count(case when customers.is_customer then customers.starting_mrr end) as subscribing_customers,
        coalesce(sum(subjects.weight * customers.starting_mrr), 0) as starting_mrr,
        coalesce(sum(subjects.weight * customers.retained_mrr), 0) as retained_mrr,
        coalesce(sum(subjects.weight * customers.ending_mrr), 0) as ending_mrr,
        count(customers.is_realised) as tenured,
        count(customers.is_stated) as asked,
        sum(case when customers.is_stated then 1 when not customers.is_stated then 0 end) as stated,
        count(case when customers.is_realised then 1 end) as realised,
        count(customers.csat_unit) as csat_customers,
        coalesce(sum(customers.csat_unit), 0) as csat_units,
        sum(customers.csat_unit * customers.csat_unit) as csat_squares,
        count(customers.touch_rating_unit) as touch_rating_customers,
        coalesce(sum(customers.touch_rating_unit), 0) as touch_rating_units,
        sum(customers.touch_rating_unit * customers.touch_rating_unit) as touch_rating_squares,
        count(customers.success_unit) as success_customers,
        coalesce(sum(customers.success_unit), 0) as success_units,
        sum(customers.success_unit * customers.success_unit) as success_squares,
        count(customers.promoter_share) as nps_customers,
        coalesce(sum(customers.promoter_share), 0) as promoters,
        coalesce(sum(customers.detractor_share), 0) as detractors
    from customers
    inner join subjects
        on
            customers.account_id = subjects.account_id
            and {{ counts_in_month('subjects', 'customers.month') }}
    group by subjects.subject_type, subjects.subject_id, subjects.side, customers.month

)

select * from final
