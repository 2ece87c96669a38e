"""Descriptions, comments, messages and documents keep to the word list (word_list.yml)."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from customer_outcomes.project import PROJECT_ROOT

WORD_LIST = Path(__file__).with_name("word_list.yml")
READ = ("*.md", "*.py", "*.sql", "*.yml", "Makefile")
NOT_READ = ("tests/python/project/word_list.yml", "tests/python/project/test_english.py")
LEFT_BY_COMMANDS = {".venv", ".user.yml", ".git", "build", "target", "logs", "published", "published_pay", "dist"}
# what stands between the words of a sentence that goes on in the next line
LINE_BREAK = re.compile(r'\s*\n\s*(--|#|"|f")?\s*')


@cache
def word_list(kind: str) -> list[tuple[re.Pattern, str]]:
    """Return the patterns of one kind and what to write instead."""
    entries = yaml.safe_load(WORD_LIST.read_text(encoding="utf-8"))[kind]
    return [(re.compile(rf"\b(?:{entry['pattern']})", re.IGNORECASE), entry["instead"]) for entry in entries]


@cache
def kept() -> list[str]:
    """Return the published values that stay as they are."""
    return yaml.safe_load(WORD_LIST.read_text(encoding="utf-8"))["kept"]


@cache
def files() -> list[Path]:
    """Return the files of the project that people read, without what commands leave."""
    tops = [path for path in PROJECT_ROOT.iterdir() if path.name not in LEFT_BY_COMMANDS]
    found = {path for top in tops for pattern in READ for path in (top.rglob(pattern) if top.is_dir() else [top])}
    return sorted(
        path
        for path in found
        if path.is_file()
        and any(path.match(pattern) for pattern in READ)
        and path.relative_to(PROJECT_ROOT).as_posix() not in NOT_READ
    )


def faults_of(text: str) -> list[tuple[int, str, str]]:
    """Return (line, words, better words) of each place that the word list names, but in published values."""
    for value in kept():
        text = text.replace(value, " " * len(value))
    joined = LINE_BREAK.sub(lambda match: " " * len(match[0]), text)
    joined = re.sub(r" {2,}", lambda match: " " + "\0" * (len(match[0]) - 1), joined)
    positions = [index for index, letter in enumerate(joined) if letter != "\0"]
    sentence = joined.replace("\0", "")
    return [
        (text.count("\n", 0, positions[found.start()]) + 1, found[0], instead)
        for pattern, instead in word_list("anywhere")
        for found in pattern.finditer(sentence)
    ]


def descriptions(node: object, path: str = "") -> list[tuple[str, str]]:
    """Return (where, text) of each description in a loaded YAML file, but those of unit tests."""
    if isinstance(node, list):
        return [found for item in node for found in descriptions(item, path)]
    if not isinstance(node, dict):
        return []
    here = f"{path}.{node['name']}" if "name" in node else path
    own = [(here, node["description"])] if isinstance(node.get("description"), str) else []
    return own + [
        found
        for key, value in node.items()
        if key not in ("unit_tests", "anchors")
        for found in descriptions(value, here)
    ]


@pytest.mark.parametrize("file", files(), ids=lambda file: file.relative_to(PROJECT_ROOT).as_posix())
def test_words_are_plain(file):
    found = faults_of(file.read_text(encoding="utf-8"))
    assert not found, "\n".join(f"line {line}: {words!r}, rather {instead}" for line, words, instead in found)


@pytest.mark.parametrize(
    "file",
    [file for file in files() if file.suffix == ".yml" and file.parts[len(PROJECT_ROOT.parts)] in ("models", "seeds")],
    ids=lambda file: file.relative_to(PROJECT_ROOT).as_posix(),
)
def test_descriptions_start_with_a_noun(file):
    found = [
        f"{where}: {text.strip()[:60]!r}, rather {instead}"
        for where, text in descriptions(yaml.safe_load(file.read_text(encoding="utf-8")))
        for pattern, instead in word_list("first_words")
        if pattern.match(text.strip())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("One row.\n-- What is accepted is counted.", 2, "What is"),
        ("# a rating after every so\n# manieth touch", 2, "manieth"),
        ("Such rows are lost.", 1, "Such"),
    ],
)
def test_words_that_are_not_plain_are_found(text, line, words):
    assert (line, words) in [(at, found) for at, found, _ in faults_of(text)]


@pytest.mark.parametrize(
    "text", ["What is each customer worth?", "A sign such as an early answer.", "Rows so ordered."]
)
def test_plain_words_pass(text):
    assert not faults_of(text)
