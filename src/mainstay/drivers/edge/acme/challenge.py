"""Answer the authority's challenges, which prove control of the hosts: HTTP-01 at port 80, or DNS-01."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from acme import challenges, messages
from acme.client import ClientV2
from josepy.jwk import JWK

from mainstay.errors import MainstayError, StepFailed
from mainstay.model.acme import DnsCommands
from mainstay.system.command import Shell

log = logging.getLogger(__name__)

COMMAND_WITHIN_S = 120.0
"""Seconds after which a command that adds or removes a DNS record is ended."""


class Record(NamedTuple):
    """A TXT record that the authority reads for a DNS-01 challenge."""

    name: str
    value: str


@contextmanager
def answered(client: ClientV2, key: JWK, order: messages.OrderResource, dns: DnsCommands | None) -> Iterator[None]:
    """Start the authority's check of each host of *order* that is still pending; the `with` body waits for the results.

    With *dns*, the challenge is DNS-01: the records exist while the body runs and are removed after it. Without
    *dns*, it is HTTP-01, which the front door answers. Raises StepFailed when the authority does not offer this
    challenge or a command fails, Unreachable when a command times out, and the errors of *client*.
    """
    pending = [each for each in order.authorizations if each.body.status == messages.STATUS_PENDING]
    wanted = challenges.DNS01 if dns else challenges.HTTP01
    chosen = [(each.body.identifier.value, _choose(each, wanted)) for each in pending]
    records = [
        Record(each.chall.validation_domain_name(host), each.chall.validation(key)) for host, each in chosen if dns
    ]
    with _published(records, dns):
        for host, each in chosen:
            log.info("the authority checks %s by %s", host, each.chall.typ)
            client.answer_challenge(each, each.response(key))
        yield


def _choose(authorization: messages.AuthorizationResource, wanted: type) -> messages.ChallengeBody:
    for each in authorization.body.challenges:
        if isinstance(each.chall, wanted):
            return each
    host = authorization.body.identifier.value
    offered = ", ".join(sorted(each.chall.typ for each in authorization.body.challenges))
    raise StepFailed(f"the authority checks {host} only by {offered}")


@contextmanager
def _published(records: list[Record], dns: DnsCommands | None) -> Iterator[None]:
    """Add the records, wait `dns.wait_s` seconds for the name servers, and remove the records after the body."""
    if dns is None or not records:
        yield
        return
    added = []
    try:
        for record in records:
            added.append(record)  # Before the command: even if it fails, it may have added the record.
            _run(dns.set, record)
        log.info("waiting %g s until the name servers have the records", dns.wait_s)
        time.sleep(dns.wait_s)
        yield
    finally:
        for record in added:
            try:
                _run(dns.clear, record)
            except MainstayError as error:
                log.warning("the record %s was not removed: %s", record.name, error.what)


def _run(command: tuple[str, ...], record: Record) -> None:
    words = [word.replace("{name}", record.name).replace("{value}", record.value) for word in command]
    log.info("running %s for %s", words[0], record.name)
    result = Shell()(words, within=COMMAND_WITHIN_S)
    if result.code:
        lines = (result.err or result.out).strip().splitlines() or ["no output"]
        raise StepFailed(f"{words[0]} for {record.name} ended with exit code {result.code}: {lines[-1]}")
