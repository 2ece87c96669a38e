select
    build_id,
    as_of,
    reporting_currency,
    reporting_timezone,
    version,
    alarms_accepted
from {{ source('intake', 'this_build') }}
