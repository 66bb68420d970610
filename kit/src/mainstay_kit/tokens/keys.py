"""A signing key for tokens, and the id (`kid`) by which tokens refer to it."""

from dataclasses import dataclass

from mainstay_kit.errors import Misconfigured
from mainstay_kit.variables.secret import Secret

MIN_LENGTH = 32
ALGORITHMS = ("HS256", "EdDSA")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that signers and verifiers share (`HS256`), or a private key in PEM with its public half (`EdDSA`).

    In a service that only verifies tokens, pass the *public* half, and None as the *secret*: it cannot sign then.
    """

    kid: str
    secret: Secret | None
    algorithm: str = "HS256"
    public: str = ""

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise Misconfigured(f"{self.algorithm!r} is refused", remedy=f"choose one of {', '.join(ALGORITHMS)}")
        if not self.kid:
            raise Misconfigured("a key needs a kid", remedy="name it by the day it was made: 2026-11")
        if self.algorithm == "HS256" and (self.secret is None or len(self.secret.reveal()) < MIN_LENGTH):
            raise Misconfigured(
                f"key {self.kid} has no secret of at least {MIN_LENGTH} characters",
                remedy="make one: openssl rand -hex 32",
            )
        if self.algorithm == "EdDSA" and not self.public:
            raise Misconfigured(f"key {self.kid} has no public half", remedy="give its PEM as public")

    def signing(self) -> str:
        if self.secret is None:
            raise Misconfigured(f"key {self.kid} can only verify", remedy="put a key with its secret first")
        return self.secret.reveal()

    def verifying(self) -> str:
        return self.public if self.algorithm == "EdDSA" else self.signing()
