{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

money as (

    select * from {{ ref('sums_money') }}

),

customers as (

    select * from {{ ref('sums_customers') }}

),

shares as (

    select * from {{ ref('sums_shares') }}

),

waits as (

    select * from {{ ref('sums_waits') }}

),

usage as (

    select * from {{ ref('sums_usage') }}

),

final as (

    {{ define_metric('cltv_growth', 'money', numerator='growth_amount', n='growth_accounts') }}
    union all
    {{ define_metric('new_revenue', 'money', numerator='new_amount', n='new_accounts') }}
    union all
    {{ define_metric('repeat_revenue', 'money', numerator='repeat_amount', n='repeat_accounts') }}
    union all
    {{ define_metric('cross_sell', 'money', numerator='cross_sell_amount', n='cross_sell_accounts') }}
    union all
    {{ define_metric('up_sell', 'money', numerator='up_sell_amount', n='up_sell_accounts') }}
    union all
    {{ define_metric('reversal_rate', 'money', numerator='reversed_amount', denominator='charged_amount',
        n='growth_accounts') }}
    union all
    {{ define_metric('bookings', 'money', numerator='booked_amount', n='booked_accounts') }}
    union all
    {{ define_metric('ppp', 'customers', numerator='ppp', n='customers', seen='responders_cltv', population='cltv') }}
    union all
    {{ define_metric('ppp_yield', 'customers', numerator='yielded_ppp', denominator='10 * cltv', n='customers',
        seen='responders_cltv', population='cltv') }}
    union all
    {{ define_metric('gross_retention', 'customers', numerator='retained_mrr', denominator='starting_mrr',
        n='subscribers', seen='subscribing_customers', population='customers') }}
    union all
    {{ define_metric('net_retention', 'customers', numerator='ending_mrr', denominator='starting_mrr', n='subscribers',
        seen='subscribing_customers', population='customers') }}
    union all
    {{ define_metric('recommend_stated', 'customers', numerator='stated', denominator='nullif(asked, 0)', n='asked',
        seen='asked', population='tenured') }}
    union all
    {{ define_metric('recommend_realised', 'customers', numerator='realised', denominator='tenured', n='tenured') }}
    union all
    {{ define_metric('csat', 'customers', numerator='csat_customers + 9 * csat_units', denominator='csat_customers',
        n='csat_customers', seen='csat_customers', population='customers',
        spread='81 * (' ~ squares_about_mean('csat_squares', 'csat_units', 'csat_customers') ~ ')') }}
    union all
    {{ define_metric('satisfaction', 'customers', numerator='csat_units', denominator='csat_customers',
        n='csat_customers', seen='csat_customers', population='customers', squares='csat_squares',
        spread=squares_about_mean('csat_squares', 'csat_units', 'csat_customers')) }}
    union all
    {{ define_metric('touch_rating', 'customers', numerator='touch_rating_customers + 9 * touch_rating_units',
        denominator='touch_rating_customers', n='touch_rating_customers', seen='touch_rating_customers',
        population='customers', spread='81 * ('
        ~ squares_about_mean('touch_rating_squares', 'touch_rating_units', 'touch_rating_customers') ~ ')') }}
    union all
    {{ define_metric('success_score', 'customers', numerator='success_units', denominator='success_customers',
        n='success_customers', seen='success_customers', population='customers',
        spread=squares_about_mean('success_squares', 'success_units', 'success_customers')) }}
    union all
    {{ define_metric('nps', 'customers', numerator='promoters - detractors', denominator='nps_customers',
        n='nps_customers', seen='nps_customers', population='customers', spread='promoters + detractors') }}
    union all
    {{ define_metric('outcomes_on_time', 'shares', numerator='numerator', denominator='denominator', n='decided',
        customers='customers', only="metric_name = 'outcomes_on_time'") }}
    union all
    {{ define_metric('customer_retention', 'shares', numerator='numerator', denominator='denominator', n='decided',
        customers='customers', only="metric_name = 'customer_retention'") }}
    union all
    {{ define_metric('referrals_realised', 'shares', numerator='numerator', n='decided',
        customers='customers', only="metric_name = 'referrals_realised'") }}
    union all
    {{ define_metric('time_to_value_90', 'shares', numerator='numerator', denominator='denominator', n='decided',
        customers='customers', seen='decided', population='observed', only="metric_name = 'time_to_value_90'") }}
    union all
    {{ define_metric('handoff_drop_rate', 'shares', numerator='numerator', denominator='denominator', n='decided',
        customers='customers', seen='decided', population='observed', only="metric_name = 'handoff_drop_rate'") }}
    union all
    {{ define_metric('rating_compliance', 'shares', numerator='numerator', denominator='denominator', n='decided',
        customers='customers', seen='decided', population='observed', only="metric_name = 'rating_compliance'") }}
    union all
    {{ define_metric('first_response_median', 'waits', n='observed', quantile=('median', 'median_low', 'median_high'),
        seen='events', population='observed', only="measure = 'first_response'") }}
    union all
    {{ define_metric('first_response_p90', 'waits', n='observed', quantile=('p90', 'p90_low', 'p90_high'),
        seen='events', population='observed', only="measure = 'first_response'") }}
    union all
    {{ define_metric('resolution_median', 'waits', n='observed', quantile=('median', 'median_low', 'median_high'),
        seen='events', population='observed', only="measure = 'resolution'") }}
    union all
    {{ define_metric('handoff_latency_median', 'waits', n='observed', quantile=('median', 'median_low', 'median_high'),
        seen='events', population='observed', only="measure = 'handoff_latency'") }}
    union all
    {{ define_metric('daily_active_users', 'usage', numerator='active_days', denominator='day_count', n='day_count',
        spread='squares - ' ~ rate_quotient('active_days * active_days', 'day_count')) }}
    union all
    {{ define_metric('stickiness', 'usage', denominator='active_users', n='active_users',
        numerator='cast(' ~ rate_quotient('active_days', 'day_count') ~ ' as ' ~ shown_part_type() ~ ')') }}

)

select * from final
