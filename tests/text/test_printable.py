"""The filter for text that goes to terminals and pipes."""

import pytest

from mainstay.text.printable import harmless


@pytest.mark.threat("S5")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "ab"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\x1bb", "a�b"),
        ("a\rb", "a�b"),
        ("a\x9bb", "a�b"),
        ("a\x00b", "a�b"),
        ("a\x08b", "a�b"),
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
