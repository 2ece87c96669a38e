-- Guards M10 in docs/metrics.md: every copy of a closed period is still the same as at its closing.
with

copies as (

    select
        *,
        {{ row_text([
            'closed_at', 'closed_by', 'as_of', 'line_count', 'payout_total', 'content_sha256', 'definitions_version'
        ]) }} as row_text,
        found_sha256 <> content_sha256
        or found_line_count <> line_count
        or found_payout_total <> payout_total as is_touched
    from {{ ref('ledger_copies') }}

),

compared as (

    select
        *,
        min(row_text) over (partition by period) <> max(row_text) over (partition by period) as is_contested
    from copies

)

select
    'Period ' || period || ' is closed, but '
    || case
        when is_touched then 'its lines or adjustments were changed after the close (copy: ' || copy_name || ').'
        else 'its copies differ; ' || copy_name || ' says: ' || row_text || '.'
    end as fault
from compared
where is_touched or is_contested
