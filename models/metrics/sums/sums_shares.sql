with

contributions as (

    select * from {{ ref('contrib_shares') }}

),

subjects as (

    select * from {{ ref('credit_subjects') }}

),

-- A fact without an account gets the empty account_id, under which credit_subjects has the company only.
account_months as (

    select
        metric_name,
        coalesce(account_id, '') as account_id,
        month,
        credit_month,
        is_weighted,
        sum(case when is_decided then amount end) as amount,
        sum(case when is_decided then base end) as base,
        count(case when is_decided then 1 end) as decided,
        count(*) as observed
    from contributions
    group by metric_name, coalesce(account_id, ''), month, credit_month, is_weighted

),

shares as (

    select
        account_months.*,
        subjects.subject_type,
        subjects.subject_id,
        subjects.side,
        case when account_months.is_weighted then subjects.weight else 1 end as weight
    from account_months
    inner join subjects
        on
            account_months.account_id = subjects.account_id
            and {{ counts_in_month('subjects', 'account_months.month', 'account_months.credit_month') }}

),

final as (

    select
        metric_name,
        subject_type,
        subject_id,
        side,
        month,
        sum(weight * amount) as numerator,
        sum(weight * base) as denominator,
        sum(decided) as decided,
        sum(observed) as observed,
        count(case when decided > 0 then 1 end) as customers
    from shares
    group by metric_name, subject_type, subject_id, side, month

)

select * from final
