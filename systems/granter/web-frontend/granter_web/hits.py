"""Hits: marks the words of a search in a title, funder or topic, to show why the grant was found."""

import re
import unicodedata

from granter_web.grants import Piece

MIN_LENGTH = 3
_WORD = re.compile(r"\w+")
_QUERY_WORD = re.compile(r"(-?)\b(\w+)")


def highlight(text: str, query: str) -> list[Piece]:
    """Return *text* in pieces; those that match a word of *query* are hits. Accents and short endings are ignored."""
    words = [_plain(word) for minus, word in _QUERY_WORD.findall(query) if not minus]
    pieces, end = [], 0
    for found in _WORD.finditer(text):
        if any(_matches(_plain(found[0]), word) for word in words):
            pieces += [Piece(text[end : found.start()], hit=False), Piece(found[0], hit=True)]
            end = found.end()
    return [piece for piece in (*pieces, Piece(text[end:], hit=False)) if piece.text]


def _plain(word: str) -> str:
    """Return *word* as searches compare it: in lower case and without accents."""
    letters = unicodedata.normalize("NFD", word.casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _matches(first: str, second: str) -> bool:
    short, long = sorted((first, second), key=len)
    return len(short) >= MIN_LENGTH and long.startswith(short) and len(long) - len(short) <= len(short) // 2
