-- Guards M8 in docs/metrics.md: every number of touches belongs to exactly one band. The first band starts at 0, and
-- the last has no upper end.
with

bands as (

    select
        pressure_band,
        from_count,
        to_count,
        coalesce(lag(to_count) over (order by from_count), -1) as previous_to_count,
        lead(from_count) over (order by from_count) as next_from_count
    from {{ ref('pressure_bands') }}

)

select * from bands
where
    from_count <> previous_to_count + 1
    or (next_from_count is null) <> (to_count is null)
