"""Log in to the environment's account at a certificate authority, or create the account."""

import re
from typing import Any

import requests
from acme import errors, messages
from acme.client import ClientNetwork, ClientV2
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from mainstay.drivers.edge.acme.account_key import make_account_key, read_key
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.errors import StepFailed

TIMEOUT_S = 30
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Account:
    """The account of one attempt at the authority, identified by the environment's account key.

    `retry_after` is the `Retry-After` header of the authority's last error response; empty if there was none.
    """

    def __init__(self, attempt: Attempt) -> None:
        make_account_key(attempt.folders.account_key)
        self.key = JWKEC(key=read_key(attempt.folders.account_key))
        self.retry_after = ""
        network = ClientNetwork(self.key, alg=ES256, user_agent="mainstay", timeout=TIMEOUT_S)
        if attempt.acme.ca:
            network.verify_ssl = attempt.acme.ca  # type: ignore[assignment]  # `requests` takes a path too
        network.session.hooks["response"].append(self._remember)
        self._network, self._attempt = network, attempt

    def log_in(self) -> ClientV2:
        """Return a client that is logged in. Create the account if the authority has none for the key.

        Creating it agrees to the authority's terms. An existing account gets the manifest's e-mail address, if there is
        one. Raises BadInput when the secret of `eab` is missing, StepFailed when its value is not a key;
        acme.errors.Error or acme.messages.Error when the authority refuses, requests.RequestException when it cannot be
        reached, and josepy.errors.Error for a reply that cannot be parsed.
        """
        client = ClientV2(ClientV2.get_directory(self._attempt.acme.directory, self._network), self._network)
        wanted = messages.NewRegistration.from_data(
            email=self._attempt.acme.email or None,
            terms_of_service_agreed=True,
            external_account_binding=self._binding(client.directory),
        )
        try:
            client.new_account(wanted)
        except errors.ConflictError as known:
            self._network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
            self._update_contact(client, wanted.contact)
        return client

    def _binding(self, directory: messages.Directory) -> dict[str, Any] | None:
        """Return the external account binding, which links the account to one that the operator has at the authority.

        None when the manifest has no `eab`.
        """
        eab, folders = self._attempt.acme.eab, self._attempt.folders
        if eab is None:
            return None
        key = SealedFile(folders.sealed, folders.secret_key).read(eab.key).reveal().strip().rstrip("=")
        if not _BASE64URL.fullmatch(key) or len(key) % 4 == 1:
            raise StepFailed(
                f"the secret {eab.key.name} is not valid base64url, so it cannot be the key of an external account"
            )
        return messages.ExternalAccountBinding.from_data(self.key.public_key(), eab.key_id, key, directory)

    def _update_contact(self, client: ClientV2, contact: tuple[str, ...]) -> None:
        account = self._network.account
        assert account is not None
        now = client.query_registration(account)
        if contact and tuple(now.body.contact or ()) != contact:
            # Not `now`: the library cannot send the `externalAccountBinding` that the authority has put into it.
            client.update_registration(account, messages.Registration(contact=contact))

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        if not response.ok:
            self.retry_after = response.headers.get("Retry-After", "")
