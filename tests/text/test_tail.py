"""The last lines of a process, as a message shows them."""

from mainstay.text.tail import last_words


def test_equal_lines_in_a_row_are_folded() -> None:
    tail = ("starting", *["the licence is missing"] * 5, "bye")
    assert last_words(tail) == (
        "; its last lines:\n    starting\n    the licence is missing … (5 times)\n    bye"
    )  # fmt: skip
    assert last_words(()) == ""
