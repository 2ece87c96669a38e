"""What happens after a rating was given moves it to nobody else."""

import csv
import shutil
from datetime import datetime, timedelta

from customer_outcomes.project import SAMPLE_INPUT
from helpers.builds import good_build, query, records

OWNERS = "select response_id, about_user_id from marts.fct_survey_responses order by 1"


def test_later_reassignments_change_no_ratings_owner(sample_build, tmp_path):
    """Every rated ticket goes to another supporter, and every deal whose owner at close is kept to another seller."""
    world = tmp_path / "world"
    shutil.copytree(SAMPLE_INPUT, world)
    responses = records(sample_build.database, "marts.fct_survey_responses")
    rated = [row for row in responses if row["about_type"] == "ticket"]
    events = world / "support" / "ticket_events.csv"
    with events.open(newline="") as text:
        header = next(csv.reader(text))
    with events.open("a", newline="") as text:
        writer = csv.DictWriter(text, header)
        for row in rated:
            writer.writerow({
                "event_id": f"later_{row['response_id']}", "ticket_id": row["about_id"],
                "occurred_at": (row["responded_at"] + timedelta(minutes=1)).isoformat(),
                "event_type": "assignment", "actor_type": "agent",
                "new_value": "user_14" if row["about_user_id"] != "user_14" else "user_15",
            })  # fmt: skip
    deals = world / "crm" / "opportunities.csv"
    with deals.open(newline="") as text:
        reader = csv.DictReader(text)
        rows, header = list(reader), reader.fieldnames
    kept = [row for row in rows if row["owner_at_close_user_id"]]
    for row in kept:
        row["owner_user_id"] = "user_05" if row["owner_at_close_user_id"] != "user_05" else "user_06"
    with deals.open("w", newline="") as text:
        writer = csv.DictWriter(text, header)
        writer.writeheader()
        writer.writerows(rows)

    built = good_build(tmp_path, world, as_of=datetime(2026, 7, 1))

    transfers = "select count(*) from marts.fct_ticket_transfers"
    assert query(built.database, transfers) > query(sample_build.database, transfers)
    assert len(rated) > 20
    assert {row["about_id"] for row in responses if row["about_type"] == "opportunity"} & {
        row["opportunity_id"] for row in kept
    }
    assert query(built.database, OWNERS) == query(sample_build.database, OWNERS)
