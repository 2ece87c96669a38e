"""What we expect of the input, as received: one row per input table, with how much arrived.

A faulty row is quarantined and costs nothing more. That a delivery of which too many rows are faulty does not empty what
is published is the guard's (customer_outcomes.guard), whom a person can tell to let it pass.
"""

from great_expectations.expectations import ExpectColumnDistinctValuesToEqualSet, ExpectColumnValuesToBeUnique

from customer_outcomes.contract import load_contract


def suites() -> dict[str, list]:
    """Return '<schema>.<relation>' -> expectations."""
    return {
        "raw_intake.deliveries": [
            ExpectColumnDistinctValuesToEqualSet(column="input_table", value_set=list(load_contract())),
            ExpectColumnValuesToBeUnique(column="input_table"),
        ],
    }
