"""The section of a variable: a setting of a system, which is declared once and read by the services that list it."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import Duration, Name, Text
from mainstay.system.state_dir import SYSTEM_PATH

FIXED_DEFAULTS = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "TZ": "UTC"}
"""Variables and values that every service gets, unless it lists a variable of that name itself."""

OF_EVERY_SHELL = frozenset({*FIXED_DEFAULTS, "HOME", "TMPDIR", "USER", "LOGNAME", "SHELL", "PWD", "TERM", "LC_ALL"})
"""Variables that every shell exports. Mainstay never uses their exported values for services."""


class VariableSection(Section):
    """One setting. `mainstay set` gives a value that is not in the manifest, `mainstay secrets set` gives a secret.

    A service that lists no variable PATH, LANG or TZ gets Debian's usual folders of programs, C.UTF-8 and UTC.
    """

    noted: ClassVar[tuple[str, ...]] = ("rotate_every",)

    default: Text | None = Field(default=None, examples=["info"])
    """The value, which only the `variables` of an environment can change. If one of them does, `mainstay set` can too.
    [Placeholders](#placeholders) are replaced. Not for secrets."""

    from_: Name | None = Field(default=None, alias="from", examples=["db"])
    """A datastore or a service of this system, whose address is the value."""

    secret: bool = Field(default=False, examples=[True])
    """Whether the value is secret: it is stored encrypted, and shown nowhere."""

    generate: bool = Field(default=False, examples=[True])
    """Whether the first run in each environment generates a random value, which is then kept. Only with `secret`."""

    required: bool = Field(default=True, examples=[False])
    """Whether a value is needed: without one, Mainstay makes no plan if a service reads the variable."""

    min_length: int | None = Field(default=None, ge=1, le=4096, examples=[32])
    """The fewest characters that the value may have. A generated one has this number of characters, but at least 43."""

    one_of: tuple[Text, ...] = Field(default=(), examples=[["debug", "info"]])
    """The values that the variable may have."""

    rotate_every: Duration | None = Field(default=None, examples=["30d"])
    """The age at which a secret has to be replaced."""

    @model_validator(mode="before")
    @classmethod
    def _a_value_is_a_default(cls, value: Any) -> Any:
        return value if isinstance(value, dict) or value is None else {"default": value}

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        sources = {"default": self.default is not None, "from": self.from_ is not None, "generate": self.generate}
        named = [name for name, given in sources.items() if given]
        if len(named) > 1:
            raise rule_error("two-sources", f"has both '{named[0]}' and '{named[1]}'", "keep one of them")
        if self.secret and self.default is not None:
            raise rule_error(
                "secret-in-clear",
                "a secret has a default",
                "remove 'default', and store the value with mainstay secrets set",
            )
        if self.generate and not self.secret:
            raise rule_error("generated-in-clear", "is generated but not secret", "add secret: true")
        return self

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        if self.default is None:
            return self
        if self.one_of and self.default not in self.one_of:
            what = f"default {self.default!r} is not in one_of"
            raise rule_error("not-one-of", what, f"use one of {', '.join(self.one_of)}")
        if self.min_length and len(self.default) < self.min_length:
            what = f"the default has {len(self.default)} characters, min_length is {self.min_length}"
            raise rule_error("too-short", what, "lengthen it, or lower min_length")
        return self
