"""The journal: what happened, row after row, chained and with a signed head; it knows no event by name."""

from mainstay.journal.file import RESTORE
from mainstay.journal.sqlite import SqliteJournal, SqliteStory
from mainstay.journal.story import (
    GENESIS,
    Journal,
    JournalUnwritable,
    Owner,
    Row,
    Signer,
    Verdict,
    Verifier,
    chained,
    first_bad,
    run_after,
)

__all__ = [
    "GENESIS",
    "RESTORE",
    "Journal",
    "JournalUnwritable",
    "Owner",
    "Row",
    "Signer",
    "SqliteJournal",
    "SqliteStory",
    "Verdict",
    "Verifier",
    "chained",
    "first_bad",
    "run_after",
]
