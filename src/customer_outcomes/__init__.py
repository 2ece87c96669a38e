"""The little Python of the customer_outcomes warehouse: the `outcomes` command and what SQL cannot do."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SAMPLE_INPUT = PROJECT_ROOT / "seeds" / "sample"
MOST_SENTENCES = 20  # of one kind of fault


class UnusableInput(Exception):
    """The input or the arguments cannot be used; `sentences` says why, one sentence each."""

    def __init__(self, *sentences: str):
        super().__init__("\n".join(sentences))
        self.sentences = list(sentences)


class FailedCheck(Exception):
    """A check of the data failed; `sentences` says what and where."""

    def __init__(self, *sentences: str):
        super().__init__("\n".join(sentences))
        self.sentences = list(sentences)


def first_sentences(sentences: list[str]) -> list[str]:
    """Return the first sentences of many about one kind of fault, and how many more there are."""
    more = len(sentences) - MOST_SENTENCES
    return sentences[:MOST_SENTENCES] + ([f"There are {more} more of this kind."] if more > 0 else [])
