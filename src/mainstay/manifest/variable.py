"""The section of a variable: a setting of a system, which is declared once and read by the services that list it."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import Duration, Name, Text
from mainstay.system.state_dir import SYSTEM_PATH

FIXED_DEFAULTS = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "TZ": "UTC"}
"""Variables that every service gets, with their values, unless the service lists a variable of the same name."""

OF_EVERY_SHELL = frozenset({*FIXED_DEFAULTS, "HOME", "TMPDIR", "USER", "LOGNAME", "SHELL", "PWD", "TERM", "LC_ALL"})
"""Variables that nearly every shell exports. Services never get the exported values."""


class VariableSection(Section):
    """One setting or secret. `mainstay set` stores the value of a setting for an environment, `mainstay secrets set`
    that of a secret. A single value in place of the mapping sets `default`.

    A service that lists no variable PATH, LANG or TZ gets Debian's usual folders of programs, C.UTF-8 and UTC.
    """

    noted: ClassVar[tuple[str, ...]] = ("rotate_every",)

    default: Text | None = Field(default=None, examples=["info"])
    """The value, which the `variables` of an environment can override. `mainstay set` can change it only if at least
    one environment of the manifest overrides it. [Placeholders](#placeholders) are replaced. Not for secrets."""

    from_: Name | None = Field(default=None, alias="from", examples=["db"])
    """The datastore or service of this system whose address is the value."""

    secret: bool = Field(default=False, examples=[True])
    """Whether the value is secret: Mainstay stores it encrypted and never shows it."""

    generate: bool = Field(default=False, examples=[True])
    """Only with `secret`: whether the first run in each environment generates a random value, which is then kept."""

    required: bool = Field(default=True, examples=[False])
    """Whether a variable that a service reads must have a value. Without one, Mainstay refuses to make a plan."""

    min_length: int | None = Field(default=None, ge=1, le=4096, examples=[32])
    """The fewest characters that the value may have. A generated value has this length, but at least 43."""

    one_of: tuple[Text, ...] = Field(default=(), examples=[["debug", "info"]])
    """The values that the variable may have. Default: any."""

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
