{{ config(materialized='view') }}

with

inputs as (

    select * from {{ ref('shared_comp_inputs') }}

),

metrics as (

    select * from {{ ref('metric_catalog') }}

),

customers as (

    select * from {{ ref('metric_evidence_customers') }}

),

peers as (

    select
        inputs.*,
        metrics.kind,
        {{ score_quotient('sum(inputs.numerator) over team', 'sum(inputs.denominator) over team') }} as peers_mean
    from inputs
    inner join metrics
        on inputs.metric_name = metrics.metric_name
    window team as (partition by inputs.period, inputs.team, inputs.metric_name)

),

derived as (

    select
        *,
        case
            when kind = 'mean' and is_payable
                then cast(credibility * raw_value + (1 - credibility) * peers_mean as {{ score_type() }})
            when kind = 'mean' then peers_mean
            when kind = 'sum' then numerator
            when denominator <> 0 and least(numerator, denominator) < 0 then cast(0 as {{ score_type() }})
            else {{ score_quotient('numerator', 'denominator') }}
        end as derived_value
    from peers

),

payees as (

    select distinct
        period,
        user_id
    from inputs

),

sums as (

    select
        customers.month as period,
        customers.user_id,
        customers.metric_name,
        count(*) as n_customers,
        sum(customers.numerator) as numerator,
        sum(customers.denominator) as denominator
    from customers
    inner join payees
        on customers.month = payees.period and customers.user_id = payees.user_id
    group by customers.month, customers.user_id, customers.metric_name

),

-- The full join also keeps the customers of a metric for which their payee has no input.
compared as (

    select
        coalesce(inputs.period, sums.period) as period,
        coalesce(inputs.user_id, sums.user_id) as user_id,
        coalesce(inputs.metric_name, sums.metric_name) as metric_name,
        inputs.numerator,
        inputs.denominator,
        inputs.n_customers,
        sums.numerator as customers_numerator,
        sums.denominator as customers_denominator,
        coalesce(sums.n_customers, 0) as customers_counted
    from inputs
    full outer join sums
        on
            inputs.period = sums.period
            and inputs.user_id = sums.user_id
            and inputs.metric_name = sums.metric_name

),

final as (

    select
        period,
        user_id,
        metric_name,
        'input' as step,
        case
            when kind = 'mean' and is_payable
                then 'payable value is credibility x raw value + (1 - credibility) x the peers'' mean'
            when kind = 'mean' then 'payable value is the peers'' mean'
            when kind = 'sum' then 'payable value is the sum'
            else 'payable value is numerator over denominator, and 0 where one of them is negative'
        end as what,
        payable_value as expected,
        derived_value as found,
        -- allows for a division in floating point, and for a numerator and denominator rounded to 15 places
        0.000000001 + coalesce({{ rate_quotient('0.000000000000002', 'abs(denominator)') }}, 0) as tolerance
    from derived

    union all

    select
        period,
        user_id,
        metric_name,
        'customers' as step,
        'customers sum to the numerator' as what,
        cast(coalesce(numerator, 0) as {{ score_type() }}) as expected,
        cast(coalesce(customers_numerator, 0) as {{ score_type() }}) as found,
        0 as tolerance
    from compared

    union all

    select
        period,
        user_id,
        metric_name,
        'customers' as step,
        'customers sum to the denominator' as what,
        denominator as expected,
        cast(customers_denominator as {{ score_type() }}) as found,
        0 as tolerance
    from compared

    union all

    select
        period,
        user_id,
        metric_name,
        'customers' as step,
        'customers counted' as what,
        cast(n_customers as {{ score_type() }}) as expected,
        cast(customers_counted as {{ score_type() }}) as found,
        0 as tolerance
    from compared

)

select * from final
