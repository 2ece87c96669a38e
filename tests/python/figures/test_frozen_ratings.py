"""A rating stays with the same employee, whatever happens after it was given."""

from helpers.builds import query, records
from helpers.later_facts import rated_tickets

OWNERS = "select response_id, about_user_id from marts.fct_survey_responses order by 1"


def test_later_reassignments_change_no_ratings_owner(oddities_build, later_build):
    """Every rated ticket goes to another supporter, and every deal whose owner at close is kept to another seller."""
    built, _, reassigned_deals = later_build
    responses = records(oddities_build.database, "marts.fct_survey_responses")
    transfers = "select count(*) from marts.fct_ticket_transfers"
    assert query(built.database, transfers) > query(oddities_build.database, transfers)
    assert len(rated_tickets(oddities_build)) > 20
    assert {row["about_id"] for row in responses if row["about_type"] == "opportunity"} & reassigned_deals
    assert query(built.database, OWNERS) == query(oddities_build.database, OWNERS)
