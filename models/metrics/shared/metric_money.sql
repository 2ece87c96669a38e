{%- set amounts = {
    'growth': 'reporting_amount',
    'new': "case when movement = 'new' then reporting_amount end",
    'repeat': "case when movement = 'repeat' then reporting_amount end",
    'cross_sell': "case when movement = 'cross_sell' then expansion_amount end",
    'up_sell': "case when movement = 'up_sell' then expansion_amount end",
    'charged': "case when transaction_type = 'charge' then reporting_amount else 0 end",
    'reversed': "case when transaction_type <> 'charge' then -reporting_amount else 0 end",
} -%}
{%- set metrics = {
    'cltv_growth': {'numerator': 'growth_amount', 'n': 'growth_accounts'},
    'new_revenue': {'numerator': 'new_amount', 'n': 'new_accounts'},
    'cross_sell': {'numerator': 'cross_sell_amount', 'n': 'cross_sell_accounts'},
    'up_sell': {'numerator': 'up_sell_amount', 'n': 'up_sell_accounts'},
    'repeat_revenue': {'numerator': 'repeat_amount', 'n': 'repeat_accounts'},
    'reversal_rate': {
        'numerator': 'reversed_amount', 'denominator': 'charged_amount', 'n': 'growth_accounts',
    },
} -%}
with

transactions as (

    select
        transaction_id,
        account_id,
        {%- for name, amount in amounts.items() %}
        {{ amount }} as {{ name }}_amount,
        {%- endfor %}
        {{ local_month('transacted_at') }} as month
    from {{ ref('fct_transactions') }}

),

transaction_credits as (

    select
        transaction_id,
        side,
        user_id,
        weight
    from {{ ref('transaction_credits') }}

),

credited as (

    {{ credit_subjects('transaction_credits') }}

),

account_months as (

    select
        account_id,
        {%- for name in amounts %}
        sum({{ name }}_amount) as {{ name }}_amount,
        {%- endfor %}
        month
    from transactions
    group by account_id, month

),

-- credit is as of the transaction; all else about an account does not change
shares as (

    select
        members.subject_type,
        members.subject_id,
        account_months.account_id,
        {%- for name in amounts %}
        members.weight * account_months.{{ name }}_amount as {{ name }}_amount,
        {%- endfor %}
        account_months.month
    from account_months
    {{ metric_members('account_months') }}
    where members.subject_type not in ('team', 'employee')

    union all

    select
        credited.subject_type,
        credited.subject_id,
        transactions.account_id,
        {%- for name in amounts %}
        sum(credited.weight * transactions.{{ name }}_amount) as {{ name }}_amount,
        {%- endfor %}
        transactions.month
    from transactions
    inner join credited
        on transactions.transaction_id = credited.transaction_id
    group by credited.subject_type, credited.subject_id, transactions.account_id, transactions.month

),

subject_months as (

    select
        subject_type,
        subject_id,
        {%- for name in amounts %}
        sum({{ name }}_amount) as {{ name }}_amount,
        count({{ name }}_amount) as {{ name }}_accounts,
        {%- endfor %}
        month
    from shares
    group by subject_type, subject_id, month

),

final as (

    {{ metric_rows('subject_months', metrics) }}

)

select * from final
