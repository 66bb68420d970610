"""Encoding of a page, determined as browsers do: from its byte order mark, the server's header, or the page itself."""

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding=["']([\w.:-]+)|<meta[^>]*?charset=["']?\s*([\w.:-]+)""", re.I)
_HEAD = 4096


def decoded(content: bytes, charset: str | None) -> str:
    """Return *content* as text; *charset* is the server's declaration. Undecodable bytes are replaced."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, errors="replace")
    declared = _DECLARED.search(content[:_HEAD])
    named = charset or (next(filter(None, declared.groups()), b"").decode("ascii") if declared else "")
    if known := _known(named):
        return content.decode(known, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("windows-1252", errors="replace")


def _known(name: str) -> str | None:
    """Return Python's name of a text encoding, or None. As in browsers, latin-1 and ASCII mean windows-1252."""
    try:
        found = codecs.lookup(name)
    except LookupError:
        return None
    if not getattr(found, "_is_text_encoding", True):
        return None
    return "windows-1252" if found.name in ("iso8859-1", "ascii") else found.name
