"""What we expect of the input, as received: one row per input table, with how much arrived.

A faulty row is quarantined and costs nothing more. The guard (customer_outcomes.guard) keeps a delivery of which too
many rows are faulty from being published, unless a person lets it pass.
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
