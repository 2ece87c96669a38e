with

final as (
    {% for flags in [
        ref('flag_selective_invitations'),
        ref('flag_reassigned_before_bad_rating'),
        ref('flag_quick_answers'),
        ref('flag_period_end_bursts'),
        ref('flag_funnel_outliers'),
        ref('flag_ratings_up_customers_down'),
    ] %}
    select
        flag_id,
        flag_type,
        user_id,
        month,
        evidence,
        raised_at
    from {{ flags }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
