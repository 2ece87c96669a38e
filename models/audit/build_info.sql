select
    build_id,
    as_of,
    reporting_currency,
    reporting_timezone,
    version,
    rules_commit,
    alarms_accepted
from {{ source('intake', 'this_build') }}
