{%- set scores = ['csat', 'touch_rating', 'success'] -%}
{%- set sums = ['cltv', 'responders_cltv', 'starting_mrr', 'retained_mrr', 'ending_mrr'] -%}
{%- set ppp_coverage = {'n': 'customers', 'seen': 'responders_cltv', 'population': 'cltv'} -%}
{%- set retention = {
    'denominator': 'starting_mrr', 'n': 'subscribers', 'seen': 'subscribing_customers', 'population': 'customers',
} -%}
{%- set recommenders = {'denominator': 'tenured', 'n': 'tenured'} -%}
{%- set metrics = {
    'gross_retention': dict(retention, numerator='retained_mrr'),
    'net_retention': dict(retention, numerator='ending_mrr'),
    'ppp': dict(ppp_coverage, numerator='ppp'),
    'ppp_yield': dict(ppp_coverage, numerator='ppp', denominator='10 * cltv'),
    'recommend_stated': dict(recommenders, numerator='stated'),
    'recommend_realised': dict(recommenders, numerator='realised'),
    'nps': {
        'numerator': 'promoters - detractors',
        'denominator': 'nps_customers',
        'n': 'nps_customers',
        'squares': 'promoters + detractors',
        'seen': 'nps_customers',
        'population': 'customers',
    },
} -%}
{%- for score, scale in {'csat': 9, 'touch_rating': 9, 'success': 1}.items() -%}
{%- set customers = score ~ '_customers' -%}
{%- set name = 'success_score' if score == 'success' else score -%}
{%- do metrics.update({name: {
    'numerator': (customers ~ ' + 9 * ' if scale == 9 else '') ~ score ~ '_units',
    'denominator': customers,
    'n': customers,
    'squares': scale * scale ~ ' * (' ~ squares_about_mean(score ~ '_squares', score ~ '_units', customers) ~ ')',
    'seen': customers,
    'population': 'customers',
}}) -%}
{%- endfor -%}
with

account_months as (

    select * from {{ ref('metric_account_months') }}

),

-- money is weighed by the credit; customers who answered count as one each
subject_months as (

    select
        members.subject_type,
        members.subject_id,
        account_months.month,
        count(case when account_months.is_customer then 1 end) as customers,
        {%- for column in sums %}
        coalesce(sum(members.weight * account_months.{{ column }}), 0) as {{ column }},
        {%- endfor %}
        coalesce(sum({{ weighted_ppp('members.weight', 'account_months.ppp') }}), 0) as ppp,
        count(account_months.starting_mrr) as subscribers,
        count(case when account_months.is_customer then account_months.starting_mrr end) as subscribing_customers,
        {%- for score in scores %}
        coalesce(sum(account_months.{{ score }}_unit), 0) as {{ score }}_units,
        sum(account_months.{{ score }}_unit * account_months.{{ score }}_unit) as {{ score }}_squares,
        count(account_months.{{ score }}_unit) as {{ score }}_customers,
        {%- endfor %}
        coalesce(sum(account_months.promoter_share), 0) as promoters,
        coalesce(sum(account_months.detractor_share), 0) as detractors,
        count(account_months.promoter_share) as nps_customers,
        count(account_months.is_stated) as tenured,
        count(case when account_months.is_stated then 1 end) as stated,
        count(case when account_months.is_realised then 1 end) as realised
    from account_months
    {{ metric_members('account_months') }}
    group by members.subject_type, members.subject_id, account_months.month

),

final as (

    {{ metric_rows('subject_months', metrics) }}

)

select * from final
