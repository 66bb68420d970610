"""Request models: they validate what callers send, and the API's description is generated from them."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from granter_core.words import MAX_ADDRESS_LENGTH, MAX_PASSWORD_LENGTH, Address, NewPassword, Words, normalise_address

FLAGS = ("1", "0", "true", "false", "yes", "no", "on", "off")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def require_iso_day(text: object) -> object:
    """Accept only a day written as 2027-03-12; a number would be read as seconds since 1970."""
    if isinstance(text, str) and DAY.fullmatch(text):
        return text
    raise ValueError("a day is written like 2027-03-12")


def reject_boolean(value: object) -> object:
    """Reject booleans as amounts; Python treats them as numbers."""
    if isinstance(value, bool):
        raise ValueError("an amount is a number")
    return value


# Forms and query strings send every value as text, so the API's description lists the accepted text forms too.
Amount = Annotated[
    float,
    BeforeValidator(reject_boolean),
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
Day = Annotated[date, BeforeValidator(require_iso_day)]
Token = Annotated[str, Field(min_length=1, max_length=8192)]


class RequestModel(BaseModel):
    """Base of the request models: frozen, and ignoring unknown fields, because a newer caller may send them."""

    model_config = ConfigDict(frozen=True)


class Registration(RequestModel):
    email: Address
    password: NewPassword

    @model_validator(mode="after")
    def _password_is_not_the_address(self) -> Self:
        if normalise_address(self.password) == self.email:
            raise ValueError("the password must not be the address")
        return self


class Login(RequestModel):
    """Credentials, checked for length only: a malformed address gets the response of an unknown account."""

    email: Annotated[str, Field(max_length=MAX_ADDRESS_LENGTH)]
    password: Annotated[str, Field(max_length=MAX_PASSWORD_LENGTH, json_schema_extra={"format": "password"})]


class Confirmation(RequestModel):
    """The account's password, required for operations that a token alone does not allow."""

    password: Annotated[str, Field(max_length=MAX_PASSWORD_LENGTH, json_schema_extra={"format": "password"})]


class PasswordChange(Confirmation):
    new_password: NewPassword


class Refresh(RequestModel):
    refresh_token: Token


class Logout(RequestModel):
    refresh_token: Token | None = None


class Search(RequestModel):
    """The parameters of a search, as requested and as saved."""

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
        """Return the search as query parameters of the data-service."""
        fields = self.model_dump(mode="json", exclude_none=True)
        return {name: _parameter(value) for name, value in fields.items() if value is not False and value != ""}


class PagedSearch(Search):
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20


class NewName(RequestModel):
    name: Annotated[Words, Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _name_can_be_read(self) -> Self:
        if not self.name:
            raise ValueError("the name has no printable character")
        return self


class NewSavedSearch(NewName):
    query: Search


class ExtractionRequest(RequestModel):
    text: Annotated[str, Field(min_length=1, max_length=200_000)]


def _parameter(value: object) -> str:
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
