{%- set now = as_of() -%}
with

accounts as (

    select
        account_id,
        acquired_at,
        {{ segment_name('segment') }} as segment,
        coalesce(acquisition_channel, '(none)') as channel
    from {{ ref('dim_customers') }}

),

attribution as (

    select * from {{ ref('customer_attribution') }}
    where attribution_model = '{{ var("credit_attribution_model") }}'

),

credits as (

    select * from {{ ref('account_credits') }}
    where valid_from <= {{ now }}

),

-- credit is of customers, from their first charge on; a stretch holds the months whose last moment it holds
customer_credits as (

    select
        credits.account_id,
        credits.side,
        credits.user_id,
        credits.weight,
        {{ local_month('greatest(credits.valid_from, accounts.acquired_at)') }} as from_month,
        case when credits.valid_to <= {{ now }} then {{ local_month('credits.valid_to') }} end as to_month
    from credits
    inner join accounts
        on credits.account_id = accounts.account_id
    where accounts.acquired_at is not null

),

credited as (

    {{ credit_subjects('customer_credits') }}

),

-- what belongs to no account, which no account's id is, is the company's
memberships as (

    select
        'company' as subject_type,
        'all' as subject_id,
        '' as account_id,
        cast(1 as {{ weight_type() }}) as weight,
        cast({{ beginning_of_time() }} as date) as from_month,
        cast(null as date) as to_month

    union all
    {% for subject_type, subject_id in {'company': "'all'", 'segment': 'segment', 'channel': 'channel'}.items() %}
    select
        '{{ subject_type }}' as subject_type,
        {{ subject_id }} as subject_id,
        account_id,
        1 as weight,
        cast({{ beginning_of_time() }} as date) as from_month,
        null as to_month
    from accounts

    union all
    {% endfor %}
    -- whom no campaign can have won yet is attributed to none, so that campaigns sum to the company
    select
        'campaign' as subject_type,
        coalesce(attribution.campaign_id, 'unattributed') as subject_id,
        accounts.account_id,
        coalesce(attribution.weight, 1) as weight,
        cast({{ beginning_of_time() }} as date) as from_month,
        null as to_month
    from accounts
    left join attribution
        on accounts.account_id = attribution.account_id

    union all

    select
        subject_type,
        subject_id,
        account_id,
        weight,
        from_month,
        to_month
    from credited
    where to_month is null or from_month < to_month

),

final as (

    select
        subject_type,
        subject_id,
        account_id,
        from_month,
        to_month,
        cast(sum(weight) as {{ weight_type() }}) as weight
    from memberships
    where weight > 0
    group by subject_type, subject_id, account_id, from_month, to_month

)

select * from final
