"""Figures depend on the delivered rows alone, not on their order, their files or the number of threads."""

import pytest

from helpers.builds import SEED, differences, good_build
from worlds.files import shuffle_world

pytestmark = pytest.mark.whole_builds(2)


def test_another_order_other_files_duplicates_and_fewer_threads_change_nothing(csv_world, csv_build, tmp_path):
    shuffle_world(csv_world, tmp_path / "world", SEED)
    shuffled = good_build(tmp_path, tmp_path / "world", threads=1)
    assert differences(csv_build.warehouse, shuffled.warehouse, ["marts", "metrics"]) == []
