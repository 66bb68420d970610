"""The contract of every store of secrets."""

from abc import ABC, abstractmethod
from datetime import datetime

import pytest

from mainstay.drivers.secrets.sealed_file import Sealed, StoredSecret
from mainstay.errors import BadInput
from mainstay.model import Secret, SecretRef


class SealedContract(ABC):
    """Inherited by the tests of each store; the fixture `sealed` is an empty one."""

    @pytest.fixture
    @abstractmethod
    def sealed(self) -> Sealed: ...

    def test_a_secret_is_read_back_by_its_reference(self, sealed: Sealed) -> None:
        ref = sealed.keep("TOKEN", Secret("hunter2"))
        assert ref == SecretRef("TOKEN", 1)
        assert sealed.read(ref).reveal() == "hunter2"

    def test_every_version_is_kept_and_the_newest_is_current(self, sealed: Sealed) -> None:
        first = sealed.keep("TOKEN", Secret("one"))
        sealed.keep("TOKEN", Secret("two"))
        assert sealed.read(first).reveal() == "one"
        assert sealed.read(SecretRef("TOKEN")).reveal() == "two"
        assert sealed.present("TOKEN") == 2

    def test_keeping_the_same_value_again_adds_no_version(self, sealed: Sealed) -> None:
        assert sealed.keep("TOKEN", Secret("one")) == sealed.keep("TOKEN", Secret("one"))

    def test_several_are_kept_together_and_each_reports_whether_it_changed(self, sealed: Sealed) -> None:
        sealed.keep("TOKEN", Secret("one"))
        kept = sealed.keep_all({"TOKEN": Secret("one"), "OTHER": Secret("two")})
        assert kept == (
            StoredSecret(SecretRef("TOKEN", 1), changed=False),
            StoredSecret(SecretRef("OTHER", 1), changed=True),
        )
        assert sealed.read(SecretRef("OTHER")).reveal() == "two"

    def test_an_earlier_value_that_is_kept_again_is_current(self, sealed: Sealed) -> None:
        for value in ("one", "two", "one"):
            sealed.keep("TOKEN", Secret(value))
        assert sealed.read(SecretRef("TOKEN")).reveal() == "one"

    def test_a_name_is_generated_once(self, sealed: Sealed) -> None:
        first = sealed.generate("TOKEN", 64)
        assert sealed.generate("TOKEN", 64) == first
        assert len(sealed.read(first).reveal()) == 64

    def test_a_generated_value_is_random_and_needs_no_quoting(self, sealed: Sealed) -> None:
        one, other = (sealed.read(sealed.generate(name, 64)).reveal() for name in ("ONE", "OTHER"))
        assert one != other
        assert f"{one}{other}".isalnum()
        assert f"{one}{other}".isascii()

    def test_a_kept_value_is_not_replaced_by_a_generated_one(self, sealed: Sealed) -> None:
        sealed.keep("TOKEN", Secret("mine"))
        assert sealed.read(sealed.generate("TOKEN", 64)).reveal() == "mine"

    def test_an_existing_value_is_not_replaced_by_an_added_one(self, sealed: Sealed) -> None:
        assert sealed.add("TOKEN", Secret("one")) == SecretRef("TOKEN", 1)
        assert sealed.add("TOKEN", Secret("two")) == SecretRef("TOKEN", 1)
        assert sealed.read(SecretRef("TOKEN")).reveal() == "one"

    def test_entries_contain_no_values(self, sealed: Sealed) -> None:
        assert sealed.entries() == ()
        sealed.generate("TOKEN", 64)
        sealed.keep("TOKEN", Secret("hunter2"))
        sealed.generate("A_KEY", 64)
        entries = sealed.entries()
        assert [(each.name, each.version, each.generated) for each in entries] == [
            ("A_KEY", 1, True),
            ("TOKEN", 2, False),
        ]
        assert all(datetime.fromisoformat(each.set_at).tzinfo for each in entries)
        assert "hunter2" not in repr(entries)

    def test_a_missing_secret_is_named(self, sealed: Sealed) -> None:
        sealed.keep("TOKEN", Secret("one"))
        assert sealed.present("NOTHING") is None
        for ref in (SecretRef("NOTHING"), SecretRef("NOTHING", 1), SecretRef("TOKEN", 2)):
            with pytest.raises(BadInput, match=ref.name):
                sealed.read(ref)
