"""Score the rules on notices that were not used to write them.

`labels.json` was written by the composer of the notices, independently of the rules. The rules may be developed on the
half `seen`; the half `scored` has other phrases.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selectolax", reason="the rules need selectolax: install data-service/requirements.lock")

from granter_data.rules.notice import NoNotice, Notice, notice_of
from granter_data.rules.page import page_of, page_of_text

pytestmark = pytest.mark.requirement("Q10")

HERE = Path(__file__).parent
SITE = HERE.parent / "notice-site" / "notice_site"
FIELDS = ("title", "funder", "deadline", "amount", "topics")
GOOD_ENOUGH = 0.9
Label = dict[str, Any]


@cache
def labels() -> dict[str, Label]:
    actual: dict[str, Label] = json.loads((HERE / "labelled" / "labels.json").read_text(encoding="utf-8"))
    return actual


def half(name: str) -> dict[str, Label]:
    return {file: label for file, label in labels().items() if label["half"] == name}


def fields_of(notice: Notice) -> Label:
    """Return *notice* in the form of a label."""
    amount = notice.amount
    return {
        "title": notice.title,
        "funder": notice.funder,
        "deadline": {"date": str(notice.deadline.day), "rolling": "rolling", "unknown": None}[notice.deadline.kind],
        "amount": amount and {"least": amount.least, "most": amount.most, "currency": amount.currency},
        "topics": sorted(notice.topics),
    }


@cache
def read(file: str) -> Label:
    text = (SITE / file).read_text(encoding="utf-8")
    try:
        return fields_of(notice_of(page_of_text(text) if file.endswith(".txt") else page_of(text), file))
    except NoNotice:
        return dict.fromkeys(FIELDS)


def mistakes(name: str) -> list[tuple[str, str, object, object]]:
    every = ((file, field, label[field], read(file)[field]) for file, label in half(name).items() for field in FIELDS)
    return [mistake for mistake in every if mistake[2] != mistake[3]]


def test_the_set_is_large_and_its_halves_are_equal() -> None:
    assert len(labels()) >= 200
    assert len(half("seen")) == len(half("scored"))


def test_the_two_halves_share_no_titles() -> None:
    seen, scored = ({label["title"] for label in half(name).values()} for name in ("seen", "scored"))
    assert not seen & scored


def test_nine_of_ten_fields_of_unseen_notices_are_correct(capsys: pytest.CaptureFixture[str]) -> None:
    shares = {}
    with capsys.disabled():
        for name in ("seen", "scored"):
            wrong, count = mistakes(name), len(half(name))
            shares[name] = 1 - len(wrong) / (count * len(FIELDS))
            each = ", ".join(f"{field} {count - sum(m[1] == field for m in wrong)}/{count}" for field in FIELDS)
            print(f"\n{name} half: {shares[name]:.1%} of the fields correct ({each})", end="")
        print()
    assert shares["scored"] >= GOOD_ENOUGH
