with

payees as (

    select * from {{ ref('comp_payees') }}

),

customers as (

    select * from {{ ref('comp_payee_customers') }}

),

responses as (

    select
        account_id,
        {{ local_month('responded_at') }} as month,
        {{ score_quotient('sum(score_unit)', 'count(*)') }} as mean_score_unit
    from {{ ref('fct_survey_responses') }}
    where survey_type in ('{{ var("csat_survey_types") | join("', '") }}')
    group by account_id, {{ local_month('responded_at') }}

),

asked as (

    select
        customers.period,
        customers.user_id,
        count(*) as customers,
        count(responses.account_id) as n_customers,
        sum(responses.mean_score_unit) as sum_of_means,
        {{ score_quotient('sum(responses.mean_score_unit)', 'count(responses.account_id)') }} as raw_mean
    from customers
    left join responses
        on customers.account_id = responses.account_id and customers.period = responses.month
    group by customers.period, customers.user_id

),

spreads as (

    select
        asked.period,
        asked.user_id,
        sum({{ squared_distance('responses.mean_score_unit', 'asked.raw_mean') }}) as squares
    from asked
    inner join customers
        on asked.period = customers.period and asked.user_id = customers.user_id
    inner join responses
        on customers.account_id = responses.account_id and customers.period = responses.month
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
