"""The kinds of credentials, in one table: what differs stands here and in the module of the kind."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey


@dataclass(frozen=True, slots=True)
class CredentialKind:
    """A kind of credential file.

    Attributes:
        name: What `kind:` says; also the module that loads the key, with a function `load_<kind>`. It is
            imported on use, since tokens, services and SM2 need optional packages or libraries.
        settings: The settings that a file of this kind may have, besides the common ones.
        locks_itself: Whether a few wrong PINs make the key unusable, so that nothing more may be tried.
        needs_one_thread: Whether one thread alone may touch the key, so that no other process loads it again.
    """

    name: str
    settings: frozenset[str]
    locks_itself: bool = False
    needs_one_thread: bool = False

    def load(self, config: BackendConfig) -> LoadedKey:
        """Load the key that a file of this kind names."""
        load: Callable[[BackendConfig], LoadedKey] = getattr(
            importlib.import_module(f"agreegen.signing.credentials.{self.name}"), f"load_{self.name}"
        )
        return load(config)


KINDS = {
    kind.name: kind
    for kind in (
        CredentialKind("pkcs12", frozenset({"file", "passphrase"})),
        CredentialKind("pem", frozenset({"key", "certificate", "passphrase"})),
        CredentialKind(
            "pkcs11",
            frozenset({"module", "token", "serial", "label", "id", "pin", "certificate"}),
            locks_itself=True,
            needs_one_thread=True,
        ),
        CredentialKind(
            "csc",
            frozenset({"url", "credential", "token", "pin", "otp", "ca_file", "timeout_s"}),
            needs_one_thread=True,
        ),
        CredentialKind(
            "sm2", frozenset({"key", "file", "certificate", "passphrase", "signer_id", "backend"})
        ),
    )
}
