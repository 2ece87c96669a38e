"""The little Python of the customer_outcomes warehouse: the `outcomes` command and what SQL cannot do."""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SAMPLE_INPUT = PROJECT_ROOT / "seeds" / "sample"


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
