"""Make text safe to print: no escape sequences, control characters or hidden characters. No other module does this."""

import re

HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
"""Characters that are invisible or change how their neighbours are displayed.

Zero-width joiners are not among them, because some languages and emoji need them. U+202E, for example, reverses the
text after it, so that a line reads as something other than its content.
"""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|" + HIDDEN.pattern)


def harmless(text: str) -> str:
    """Return *text* without escape sequences; control and hidden characters except tab and line feed become `�`."""
    return _CONTROLS.sub("�", _ESCAPES.sub("", text))
