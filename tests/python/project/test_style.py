"""The rules of style that the linters do not check."""

from customer_outcomes.project import PROJECT_ROOT

LONGEST_LINE = 120


def test_models_have_lines_that_a_person_can_read():
    files = [file for folder in ("models", "tests", "analyses") for file in (PROJECT_ROOT / folder).rglob("*.sql")]
    assert len(files) > 200
    too_long = [
        f"{file.relative_to(PROJECT_ROOT)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
    assert not too_long
