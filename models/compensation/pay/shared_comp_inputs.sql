with

inputs as (

    select * from {{ ref('comp_inputs') }}

),

final as (

    select
        period,
        user_id,
        team,
        metric_name,
        numerator,
        denominator,
        n_customers,
        raw_value,
        credibility,
        payable_value,
        coverage,
        is_payable
    from inputs
    where scenario = 'actual'

)

select * from final
