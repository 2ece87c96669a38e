select
    build_id,
    as_of,
    version,
    vars_sha256,
    rules_sha256,
    alarms_accepted,
    accepted_by
from {{ source('history', 'builds') }}
