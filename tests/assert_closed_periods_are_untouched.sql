-- Guards M10: nothing closed changes. Every copy of a closed period is what it was when it closed.
with

copies as (

    select * from {{ ref('ledger_copies') }}

),

compared as (

    select
        *,
        min(content_sha256) over (partition by period) as smallest_sha256,
        max(content_sha256) over (partition by period) as largest_sha256
    from copies

)

select
    'Period ' || period || ' is closed, but '
    || case
        when found_sha256 <> content_sha256
            then 'its lines or adjustments are not those that were closed (copy: ' || copy_name || ').'
        else 'its copies differ: ' || copy_name || ' has the SHA-256 ' || content_sha256 || '.'
    end as fault
from compared
where found_sha256 <> content_sha256 or smallest_sha256 <> largest_sha256
