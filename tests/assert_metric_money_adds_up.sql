-- Guards "The shared metrics" in docs/metrics.md: the money of the company in a month is divided without gap or overlap
-- among the segments, among the channels, among the campaigns (including `unattributed`), and on either side between
-- its team and `uncredited`.
with

metric_values as (

    select * from {{ ref('metric_values') }}
    where metric_name in ('cltv_growth', 'new_revenue', 'cross_sell', 'up_sell', 'repeat_revenue')

),

transactions as (

    select
        *,
        {{ local_month('transacted_at') }} as month
    from {{ ref('fct_transactions') }}

),

uncredited as (

    select
        transaction_id,
        side,
        weight
    from {{ ref('credit_transactions') }}
    where user_id is null

),

amounts as (
    {% for metric_name, movement, amount in [
        ('cltv_growth', 'any', 'reporting_amount'), ('new_revenue', 'new', 'reporting_amount'),
        ('cross_sell', 'cross_sell', 'expansion_amount'), ('up_sell', 'up_sell', 'expansion_amount'),
        ('repeat_revenue', 'repeat', 'reporting_amount'),
    ] %}
    select
        '{{ metric_name }}' as metric_name,
        transaction_id,
        month,
        {{ amount }} as amount
    from transactions
    where '{{ movement }}' in ('any', movement)
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

expected as (

    select
        metric_name,
        month,
        sum(amount) as amount
    from amounts
    group by metric_name, month

),

found as (

    select
        metric_name,
        month,
        case subject_type when 'team' then subject_id else subject_type end as subjects,
        numerator as amount
    from metric_values
    where subject_type <> 'employee'

    union all

    select
        amounts.metric_name,
        amounts.month,
        uncredited.side as subjects,
        uncredited.weight * amounts.amount as amount
    from amounts
    inner join uncredited
        on amounts.transaction_id = uncredited.transaction_id

),

totals as (

    select
        metric_name,
        month,
        subjects,
        sum(amount) as amount
    from found
    group by metric_name, month, subjects

),

kinds_of_subjects as (

    select distinct subjects
    from totals

),

months as (

    select distinct month
    from metric_values

),

final as (

    select
        expected.metric_name,
        expected.month,
        kinds_of_subjects.subjects,
        expected.amount as expected,
        totals.amount as found
    from expected
    inner join months
        on expected.month = months.month
    cross join kinds_of_subjects
    left join totals
        on
            expected.metric_name = totals.metric_name
            and expected.month = totals.month
            and kinds_of_subjects.subjects = totals.subjects

)

select * from final
where found is distinct from expected
