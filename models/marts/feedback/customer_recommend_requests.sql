{{ config(access='protected', contract={'enforced': false}) }}

with

invitations as (

    select * from {{ ref('fct_survey_invitations') }}
    where survey_type = 'nps' and is_delivered

),

responses as (

    select * from {{ ref('int_survey_responses__scored') }}
    where survey_type = 'nps'

),

-- an account that answered was asked, even if no invitation is known or the answer was edited later
requests as (

    select
        account_id,
        sent_at as asked_at
    from invitations
    where account_id is not null

    union all

    select
        account_id,
        responded_at as asked_at
    from responses

),

final as (

    select
        account_id,
        min(asked_at) as asked_at
    from requests
    group by account_id

)

select * from final
