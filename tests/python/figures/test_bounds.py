"""At the bounds of the contract every figure is right; a row beyond them is out_of_range, and no value stops a build."""

import pytest

from customer_outcomes.contract import load_contract
from helpers.builds import SEED, WORLD_AS_OF, Built, good_build, query
from helpers.random_builds import disagreements, write_world_rules
from worlds.bounds import write_bounds
from worlds.extremes import write_extremes

pytestmark = pytest.mark.whole_builds(2)

# the largest relative risks and the smallest differ by more digits than their weights have
BEYOND_PRECISION = ("shrunken_lift is ", "cumulative_lift is ")


@pytest.fixture(scope="module")
def at_bounds(once) -> tuple[Built, dict[str, list[str]]]:
    def make(folder):
        beyond = write_bounds(folder / "world", 1, WORLD_AS_OF)
        write_world_rules(folder / "world", 1)
        return good_build(folder, folder / "world"), beyond

    return once("at_bounds", make)


def test_the_figures_of_a_company_at_the_bounds_are_right(at_bounds):
    found = disagreements(at_bounds[0])
    assert [text for text in found if not any(part in text for part in BEYOND_PRECISION)] == []


def test_what_is_beyond_the_bounds_is_out_of_range_in_every_column(at_bounds):
    built, beyond = at_bounds
    assert beyond.keys() == {
        f"{table}.{column}"
        for table, definition in load_contract().items()
        for column, rules in definition["columns"].items()
        if rules["type"] in ("integer", "decimal", "ratio")
    }
    found = query(
        built.warehouse,
        "select input_table || '.' || column_name, list(row_key) from audit.quarantined_rows"
        " where reason = 'out_of_range' group by 1",
    )
    assert {column: sorted(keys) for column, keys in found} == {column: sorted(keys) for column, keys in beyond.items()}
    # an earlier version of an event may be of another type, which its value does not fit
    counted = "select count(*) from audit.quarantined_rows where column_name <> 'new_value'"
    assert query(built.warehouse, counted) == [(sum(map(len, beyond.values())),)]


@pytest.fixture(scope="module")
def at_extremes(once) -> tuple[Built, dict[tuple[str, str], int]]:
    def make(folder):
        faulty = write_extremes(folder / "world", SEED, WORLD_AS_OF)
        return good_build(folder, folder / "world"), faulty

    return once("at_extremes", make)


def test_no_value_of_any_type_stops_a_build_and_each_faulty_one_is_quarantined(at_extremes):
    built, faulty = at_extremes
    found = query(
        built.warehouse,
        "select input_table, column_name, count(*) from audit.quarantined_rows"
        " where reason in ('missing_required', 'bad_type', 'out_of_range', 'unreadable_line') group by all",
    )
    assert {(table, column): count for table, column, count in found} == faulty
