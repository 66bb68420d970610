"""The environment's account at an authority: the authority finds it by its key, or creates it."""

import requests
from acme import errors, messages
from acme.client import ClientNetwork, ClientV2
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from mainstay.drivers.edge.acme.account_key import make_account_key, read_key
from mainstay.drivers.edge.acme.attempt import Attempt

TIMEOUT_S = 30


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

        Creating it agrees to the authority's terms. An existing account gets the manifest's e-mail address.

        Raises acme.errors.Error, acme.messages.Error, requests.RequestException, and josepy.errors.Error for a reply
        that cannot be parsed.
        """
        client = ClientV2(ClientV2.get_directory(self._attempt.acme.directory, self._network), self._network)
        wanted = messages.NewRegistration.from_data(
            email=self._attempt.acme.email or None, terms_of_service_agreed=True
        )
        try:
            client.new_account(wanted)
        except errors.ConflictError as known:
            self._network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
            self._update_contact(client, wanted.contact)
        return client

    def _update_contact(self, client: ClientV2, contact: tuple[str, ...]) -> None:
        account = self._network.account
        assert account is not None
        now = client.query_registration(account)
        if contact and tuple(now.body.contact or ()) != contact:
            client.update_registration(now, now.body.update(contact=contact))

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        if not response.ok:
            self.retry_after = response.headers.get("Retry-After", "")
