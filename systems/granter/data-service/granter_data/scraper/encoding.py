"""Encoding: the letters of a page, as browsers find them: told by its first bytes, its server, or itself."""

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_TOLD = re.compile(rb"""<\?xml[^>]*?encoding=["']([\w.:-]+)|<meta[^>]*?charset=["']?\s*([\w.:-]+)""", re.I)
_HEAD = 4096


def decoded(content: bytes, charset: str | None) -> str:
    """*content* as text; *charset* is what the server says of it. What cannot be read is replaced."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, errors="replace")
    told = _TOLD.search(content[:_HEAD])
    named = charset or (next(filter(None, told.groups()), b"").decode("ascii") if told else "")
    if known := _known(named):
        return content.decode(known, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("windows-1252", errors="replace")


def _known(name: str) -> str | None:
    """Python's name of an encoding of text; who says latin-1 means windows-1252, as on all of the web."""
    try:
        found = codecs.lookup(name)
    except LookupError:
        return None
    if not getattr(found, "_is_text_encoding", True):
        return None
    return "windows-1252" if found.name in ("iso8859-1", "ascii") else found.name
