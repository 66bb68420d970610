"""Read for which names a certificate is valid. The common name in its subject is not one of them (RFC 9525)."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID


def names_in(leaf: x509.Certificate) -> set[str]:
    """Return the host names, in lower case, and addresses for which the certificate *leaf* is valid."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    hosts = (name.lower() for name in found.get_values_for_type(x509.DNSName))
    return {*hosts, *map(str, found.get_values_for_type(x509.IPAddress))}


def chosen_by(leaf: x509.Certificate) -> set[str]:
    """Return the names for which HAProxy chooses the certificate *leaf*: its names, and its common name."""
    common = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return names_in(leaf) | {str(each.value).lower() for each in common}


def missing_hosts(leaves: Iterable[x509.Certificate], hosts: Iterable[str]) -> list[str]:
    """Return those of *hosts* that neither a name nor a wildcard of the certificates *leaves* covers, sorted."""
    names = set[str]().union(*map(names_in, leaves))
    return sorted(host for host in {*hosts} - names if host and f"*.{host.partition('.')[2]}" not in names)
