{{ config(materialized='view') }}

with

stretches as (

    select * from {{ ref('comp_actual_stretches') }}

),

-- a stretch that begins after all earlier ones have ended begins a new one of paid days
marked as (

    select
        *,
        case
            when valid_from <= max(valid_to) over (
                partition by user_id
                order by valid_from, valid_to, plan_id, plan_version
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as is_new
    from stretches

),

numbered as (

    select
        *,
        sum(is_new) over (
            partition by user_id
            order by valid_from, valid_to, plan_id, plan_version
            rows between unbounded preceding and current row
        ) as stretch_number
    from marked

),

final as (

    select
        user_id,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by user_id, stretch_number

)

select * from final
