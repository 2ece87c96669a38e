with

payees as (

    select * from {{ ref('comp_payees') }}

),

customers as (

    select * from {{ ref('comp_payee_customers') }}

),

evidence as (

    select * from {{ ref('comp_evidence') }}
    where metric_name = 'satisfaction'

),

rated as (

    select
        period,
        user_id,
        account_id,
        {{ score_quotient('sum(numerator)', 'sum(denominator)') }} as mean_score_unit
    from evidence
    group by period, user_id, account_id

),

asked as (

    select
        customers.period,
        customers.user_id,
        count(*) as customers,
        count(rated.account_id) as n_customers,
        sum(rated.mean_score_unit) as sum_of_means,
        {{ score_quotient('sum(rated.mean_score_unit)', 'count(rated.account_id)') }} as raw_mean
    from customers
    left join rated
        on
            customers.period = rated.period
            and customers.user_id = rated.user_id
            and customers.account_id = rated.account_id
    group by customers.period, customers.user_id

),

spreads as (

    select
        asked.period,
        asked.user_id,
        sum({{ squared_distance('rated.mean_score_unit', 'asked.raw_mean') }}) as squares
    from asked
    inner join rated
        on asked.period = rated.period and asked.user_id = rated.user_id
    group by asked.period, asked.user_id

),

means as (

    select
        payees.scenario,
        payees.period,
        payees.user_id,
        payees.team,
        asked.n_customers,
        asked.sum_of_means,
        asked.raw_mean,
        spreads.squares
    from payees
    inner join asked
        on payees.period = asked.period and payees.user_id = asked.user_id
    inner join spreads
        on payees.period = spreads.period and payees.user_id = spreads.user_id

),

{{ credibility(['scenario', 'period', 'team']) }},

-- who is rated by nobody is paid as the others are
final as (

    select
        payees.scenario,
        payees.period,
        payees.user_id,
        credible.sum_of_means as numerator,
        credible.n_customers as denominator,
        coalesce(credible.n_customers, 0) as n_customers,
        credible.raw_mean,
        credible.credibility,
        coalesce(
            credible.payable_score,
            cast(max(credible.team_mean) over (
                partition by payees.scenario, payees.period, payees.team
            ) as {{ double_type() }})
        ) as payable_score,
        {{ rate_quotient('asked.n_customers', 'asked.customers') }} as coverage,
        coalesce(credible.is_payable, false) as is_payable
    from payees
    left join asked
        on payees.period = asked.period and payees.user_id = asked.user_id
    left join credible
        on
            payees.scenario = credible.scenario
            and payees.period = credible.period
            and payees.user_id = credible.user_id

)

select * from final
