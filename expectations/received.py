"""The expectations of the input, as received: a relation with one row per input table, with the number of its rows.

A faulty row does not fail an expectation, because it is quarantined. If too many rows of a delivery are faulty, the
guard (customer_outcomes.guard) stops its publication, unless a person accepts it.
"""

from great_expectations.expectations import ExpectColumnDistinctValuesToEqualSet, ExpectColumnValuesToBeUnique

from customer_outcomes.contract import load_contract


def suites() -> dict[str, list]:
    """Return the expectations of each relation, by its name '<schema>.<relation>'."""
    return {
        "raw_intake.deliveries": [
            ExpectColumnDistinctValuesToEqualSet(column="input_table", value_set=list(load_contract())),
            ExpectColumnValuesToBeUnique(column="input_table"),
        ],
    }
