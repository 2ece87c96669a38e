"""What we expect of the input, as received: one row per input table, with how much arrived and in what state.

A faulty row is quarantined and costs nothing more. These expectations are for the delivery as a whole: a file of
another shape than its name says, of which nearly every row would be quarantined, must not empty what is published.
"""

from great_expectations.expectations import (
    ExpectColumnDistinctValuesToEqualSet,
    ExpectColumnValuesToBeUnique,
    UnexpectedRowsExpectation,
)

from customer_outcomes.contract import load_contract

FEW_ROWS = 100  # of fewer rows a share says nothing


def suites() -> dict[str, list]:
    """Return '<schema>.<relation>' -> expectations."""
    return {
        "raw_intake.deliveries": [
            ExpectColumnDistinctValuesToEqualSet(column="input_table", value_set=list(load_contract())),
            ExpectColumnValuesToBeUnique(column="input_table"),
            UnexpectedRowsExpectation(
                description="Of no table do most rows lack a value that the table requires.",
                unexpected_rows_query=(
                    "select input_table, row_count, incomplete_count from {batch}"
                    f" where row_count >= {FEW_ROWS} and 2 * incomplete_count > row_count"
                ),
            ),
            UnexpectedRowsExpectation(
                description="Of no table are most lines unreadable.",
                unexpected_rows_query=(
                    "select input_table, row_count, unreadable_count from {batch}"
                    f" where row_count + unreadable_count >= {FEW_ROWS} and unreadable_count > row_count"
                ),
            ),
        ],
    }
