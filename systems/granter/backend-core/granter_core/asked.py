"""What callers may say to us: the models that check it and that the API's description is made from."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from granter_core.words import LONGEST_ADDRESS, LONGEST_PASSWORD, Address, NewPassword, Words, one_mailbox

FLAGS = ("1", "0", "true", "false", "yes", "no", "on", "off")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def in_full(text: object) -> object:
    """A day as 2027-03-12; a number would be taken for seconds since 1970."""
    if isinstance(text, str) and DAY.fullmatch(text):
        return text
    raise ValueError("a day is written like 2027-03-12")


def no_flag(value: object) -> object:
    """A truth value is no amount, although Python counts with it."""
    if isinstance(value, bool):
        raise ValueError("an amount is a number")
    return value


# Forms and addresses say everything as text: what is taken besides is told in the description too.
Amount = Annotated[
    float,
    BeforeValidator(no_flag),
    Field(ge=0, le=1e12, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1e12},
                {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$"},
            ]
        }
    ),
]
Flag = Annotated[bool, WithJsonSchema({"enum": [True, False, 1, 0, *FLAGS]})]
Day = Annotated[date, BeforeValidator(in_full)]
Token = Annotated[str, Field(min_length=1, max_length=8192)]


class Asked(BaseModel):
    """Frozen, and deaf to fields it does not know: a newer caller may send them."""

    model_config = ConfigDict(frozen=True)


class Registration(Asked):
    email: Address
    password: NewPassword

    @model_validator(mode="after")
    def _password_is_not_the_address(self) -> Self:
        if one_mailbox(self.password) == self.email:
            raise ValueError("the password must not be the address")
        return self


class Login(Asked):
    """Checked for length alone: what is no address is no account either, and is answered like one."""

    email: Annotated[str, Field(max_length=LONGEST_ADDRESS)]
    password: Annotated[str, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]


class Confirmation(Asked):
    """The account's password, for what a token alone may not do."""

    password: Annotated[str, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]


class PasswordChange(Confirmation):
    new_password: NewPassword


class Refresh(Asked):
    refresh_token: Token


class Logout(Asked):
    refresh_token: Token | None = None


class Search(Asked):
    """A search, as it is asked and as it is saved."""

    query: Words | None = None
    topic: Words | None = None
    funder: Words | None = None
    region: Words | None = None
    min_amount: Amount | None = None
    max_amount: Amount | None = None
    currency: Annotated[str, Field(pattern="^[A-Za-z]{3}$")] | None = None
    deadline_after: Day | None = None
    deadline_before: Day | None = None
    open: Flag | None = None
    sort: Literal["relevance", "deadline", "amount", "newest"] | None = None

    def parameters(self) -> dict[str, str]:
        """The same in the words of the data-service."""
        given = self.model_dump(mode="json", exclude_none=True)
        return {name: _parameter(value) for name, value in given.items() if value is not False and value != ""}


class PagedSearch(Search):
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20


class Renaming(Asked):
    name: Annotated[Words, Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _name_can_be_read(self) -> Self:
        if not self.name:
            raise ValueError("the name has no letter that can be read")
        return self


class SavedSearchWanted(Renaming):
    query: Search


class Extraction(Asked):
    text: Annotated[str, Field(min_length=1, max_length=200_000)]


def _parameter(value: object) -> str:
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
