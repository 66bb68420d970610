"""The section `eab`: an account at a certificate authority that was made on the authority's site, without ACME."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import VARIABLE, Text
from mainstay.model.acme import ExternalAccount
from mainstay.model.value import SecretRef


def _secret_name(value: str) -> str:
    if not VARIABLE.fullmatch(value):  # The value may be the key itself, so the message does not repeat it.
        what = "'key' is not the name of a variable; the key itself does not belong into the manifest"
        raise rule_error("bad-name", what, "declare variables: {ACME_KEY: {secret: true}}, and write key: ACME_KEY")
    return value


SecretName = Annotated[
    str, AfterValidator(_secret_name), WithJsonSchema({"type": "string", "pattern": f"^{VARIABLE.pattern}$"})
]


class EabSection(Section):
    """Your account at the authority (external account binding). ZeroSSL, Google Trust Services and others require one;
    the authority shows both values on its site."""

    key_id: Text = Field(min_length=1, examples=["kid-7f3a"])
    """The identifier of the key, as the authority shows it."""

    key: SecretName = Field(examples=["ACME_KEY"])
    """The name of a variable with `secret: true`. Its value is the HMAC key in base64url, as the authority shows it."""

    def to_external_account(self, secret: Callable[[str], SecretRef]) -> ExternalAccount:
        """Return the account. *secret* returns the reference to a secret, given its name."""
        return ExternalAccount(self.key_id, secret(self.key))
