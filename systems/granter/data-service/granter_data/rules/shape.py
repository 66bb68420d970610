"""Shape: the boxes around a link, which distinguish one kind of link from another."""

import re

from selectolax.lexbor import LexborNode

from granter_data.rules.text import plain

_MAX_DEPTH = 6
_MAX_LENGTH = 600


def shape_of(node: LexborNode) -> tuple[str, ...]:
    """Return the tags and first classes of *node* and its ancestors; digits in them are ignored."""
    shape: list[str] = []
    above: LexborNode | None = node
    while above is not None and above.tag != "body" and len(shape) < _MAX_DEPTH:
        first = (above.attributes.get("class") or "").split(" ")[0]
        shape.append(f"{above.tag}.{re.sub(r'[-_]?([0-9]+|first|last|odd|even)$', '', first)}")
        above = above.parent
    return tuple(shape)


def item_of(node: LexborNode, others: set[str]) -> str:
    """Return the text of the listing's item that the link *node* belongs to, 600 characters at most.

    The item is the largest box around the link that contains no link to any of *others*, with everything after that box
    up to the next one like it.
    """
    box = node
    while box.parent is not None and box.parent.tag not in ("body", "main", "html", "-undef"):
        hrefs = {link.attributes.get("href") or "" for link in box.parent.css("a[href]")}
        if hrefs & others:
            break
        box = box.parent
    texts = [plain(box.text())]
    sibling = box.next
    while sibling is not None and sibling.tag != box.tag and len(texts) < _MAX_DEPTH:
        texts.append(plain(sibling.text()))
        sibling = sibling.next
    return " ".join(texts)[:_MAX_LENGTH]
