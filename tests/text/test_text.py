"""The filter for text that goes to terminals and pipes, and the last lines of a process."""

import pytest

from mainstay.text.printable import harmless
from mainstay.text.tail import last_words


@pytest.mark.threat("S5")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *(("a\x1b[31mb", "ab"), ("a\x1b]52;c;aGk=\x07b", "ab"), ("a\x1b]0;title\x1b\\b", "ab")),
        *((f"a{control}b", "a�b") for control in "\x1b\r\x9b\x00\x08"),
    ],
)
def test_terminal_sequences_and_control_characters_are_removed(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.threat("S5")
@pytest.mark.parametrize("hidden", "\u202e\u202a\u2066\u2069\u200b\u200e\u2028\u061c\ufeff\U000e0041")
def test_characters_that_reorder_or_hide_text_are_replaced(hidden: str) -> None:
    assert harmless(f"a{hidden}b") == "a�b"


@pytest.mark.parametrize("text", ["grüße 東京", "a\tb\nc", "👩\u200d💻", "می\u200cخواهم"])
def test_other_text_is_unchanged(text: str) -> None:
    assert harmless(text) == text


def test_equal_lines_in_a_row_are_folded() -> None:
    tail = ("starting", *["the licence is missing"] * 5, "bye")
    folded = "    starting\n    the licence is missing … (5 times)\n    bye"
    assert last_words(tail) == f"; its last lines:\n{folded}"
    assert last_words(()) == ""
