with

contributions as (

    select * from {{ ref('contrib_money') }}

),

credited as (

    select * from {{ ref('credited_money') }}

),

subjects as (

    select * from {{ ref('credit_subjects') }}
    where side = 'both'

),

account_months as (

    select
        account_id,
        month,
        sum(growth_amount) as growth_amount,
        sum(new_amount) as new_amount,
        sum(repeat_amount) as repeat_amount,
        sum(cross_sell_amount) as cross_sell_amount,
        sum(up_sell_amount) as up_sell_amount,
        sum(charged_amount) as charged_amount,
        sum(reversed_amount) as reversed_amount,
        sum(booked_amount) as booked_amount
    from contributions
    group by account_id, month

),

-- The credit can differ between facts of one account, because it is taken at the moment of the transaction or close.
credited_months as (

    select
        side,
        employee_id,
        account_id,
        month,
        sum(weight * growth_amount) as growth_amount,
        sum(weight * new_amount) as new_amount,
        sum(weight * repeat_amount) as repeat_amount,
        sum(weight * cross_sell_amount) as cross_sell_amount,
        sum(weight * up_sell_amount) as up_sell_amount,
        sum(weight * charged_amount) as charged_amount,
        sum(weight * reversed_amount) as reversed_amount,
        sum(weight * booked_amount) as booked_amount
    from credited
    group by side, employee_id, account_id, month

),

shares as (

    select
        subjects.subject_type,
        subjects.subject_id,
        subjects.side,
        account_months.account_id,
        account_months.month,
        subjects.weight * account_months.growth_amount as growth_amount,
        subjects.weight * account_months.new_amount as new_amount,
        subjects.weight * account_months.repeat_amount as repeat_amount,
        subjects.weight * account_months.cross_sell_amount as cross_sell_amount,
        subjects.weight * account_months.up_sell_amount as up_sell_amount,
        subjects.weight * account_months.charged_amount as charged_amount,
        subjects.weight * account_months.reversed_amount as reversed_amount,
        subjects.weight * account_months.booked_amount as booked_amount
    from account_months
    inner join subjects
        on account_months.account_id = subjects.account_id

    union all

    select
        'team' as subject_type,
        side as subject_id,
        side,
        account_id,
        month,
        sum(growth_amount) as growth_amount,
        sum(new_amount) as new_amount,
        sum(repeat_amount) as repeat_amount,
        sum(cross_sell_amount) as cross_sell_amount,
        sum(up_sell_amount) as up_sell_amount,
        sum(charged_amount) as charged_amount,
        sum(reversed_amount) as reversed_amount,
        sum(booked_amount) as booked_amount
    from credited_months
    group by side, account_id, month

    union all

    select
        'employee' as subject_type,
        employee_id as subject_id,
        side,
        account_id,
        month,
        growth_amount,
        new_amount,
        repeat_amount,
        cross_sell_amount,
        up_sell_amount,
        charged_amount,
        reversed_amount,
        booked_amount
    from credited_months
    where employee_id is not null

),

final as (

    select
        subject_type,
        subject_id,
        side,
        month,
        sum(growth_amount) as growth_amount,
        count(growth_amount) as growth_accounts,
        sum(new_amount) as new_amount,
        count(new_amount) as new_accounts,
        sum(repeat_amount) as repeat_amount,
        count(repeat_amount) as repeat_accounts,
        sum(cross_sell_amount) as cross_sell_amount,
        count(cross_sell_amount) as cross_sell_accounts,
        sum(up_sell_amount) as up_sell_amount,
        count(up_sell_amount) as up_sell_accounts,
        sum(charged_amount) as charged_amount,
        sum(reversed_amount) as reversed_amount,
        sum(booked_amount) as booked_amount,
        count(booked_amount) as booked_accounts
    from shares
    group by subject_type, subject_id, side, month

)

select * from final
