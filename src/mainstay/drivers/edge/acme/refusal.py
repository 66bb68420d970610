"""Turn the errors of an attempt into a `Failure`, with the authority's own explanation where it sent one."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain

import josepy
import requests
from acme import errors, messages

from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.errors import MainstayError

EXPECTED = (
    errors.Error,
    messages.Error,
    josepy.errors.Error,
    requests.RequestException,
    MainstayError,
    OSError,
    ValueError,
)
"""The errors with which an attempt may fail: those of the ACME libraries, HTTP requests, secrets, DNS commands and
files."""


def failure_of(error: Exception, directory: str, retry_after: str) -> Failure:
    """Return the failure for *error*; *retry_after* is the last `Retry-After` header of the authority, or empty."""
    problem = error.error if isinstance(error, errors.IssuanceError) else error
    limited = isinstance(problem, messages.Error) and problem.code == "rateLimited"
    return Failure(_words(problem, directory), seconds_of(retry_after), limited)


def seconds_of(retry_after: str) -> float:
    """Return the seconds from now to the time in a `Retry-After` header; 0 when the header is empty or unreadable."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _words(error: Exception, directory: str) -> str:
    match error:
        case errors.ValidationError():
            return "; ".join(chain.from_iterable(map(_refused_host, error.failed_authzrs)))
        case messages.Error(code="externalAccountRequired"):
            return f"{_problem(error)}; make an account at the authority, and write eab: … below edge.tls"
        case messages.Error():
            return _problem(error)
        case errors.TimeoutError():
            return f"{directory} did not finish its checks in time"
        case requests.exceptions.SSLError():
            return f"the certificate of {directory} itself is not trusted: {_reason(error)}"
        case requests.RequestException():
            return f"{directory} cannot be reached: {_reason(error)}"
        case MainstayError():
            return error.what
        case OSError():
            return str(error)
    return f"{directory} sent a reply that is not ACME: {_reason(error)}"


def _refused_host(authorization: messages.AuthorizationResource) -> list[str]:
    host = authorization.body.identifier.value
    return [f"{host}: {_problem(each.error)}" for each in authorization.body.challenges if each.error is not None]


def _problem(error: messages.Error) -> str:
    """Return the authority's explanations for single hosts if it sent any, otherwise its general explanation."""
    parts = [f"{each.identifier.value}: {each.detail}" for each in error.subproblems or () if each.identifier]
    return _line("; ".join(parts) or error.detail or error.title or error.description or error.code or error.typ)


def _reason(error: BaseException) -> str:
    """Return the message of the innermost cause: the outer errors only repeat the address and print Python objects."""
    while error.__context__ is not None:
        error = error.__context__
    return _line(str(error).rpartition(">: ")[2] or type(error).__name__)


def _line(text: str) -> str:
    return " ".join(text.split())[:400]
