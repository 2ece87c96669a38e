with

splits as (

    {{ accepted_rows(ref('rec_opportunity_splits')) }}

),

landed as (

    select * from {{ ref('land_opportunity_splits') }}

),

scaled as (

    select * from {{ ref('int_opportunity_splits__scaled') }}

),

-- In an accepted split the deal reads as the surviving one. A split of a merged deal counts nowhere, so the delivered
-- deal must be the surviving one.
final as (

    select
        splits.opportunity_id,
        splits.user_id,
        scaled.team,
        sum(splits.scaled_share) as counted_share
    from splits
    inner join landed
        on splits._row_id = landed._row_id and splits.opportunity_id = landed.opportunity_id
    inner join scaled
        on splits._row_id = scaled._row_id
    group by splits.opportunity_id, splits.user_id, scaled.team

)

select * from final
