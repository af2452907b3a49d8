"""A key that stays with the coordinator: what a worker knows of it, and how it has it sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Self

from agreegen.errors import CredentialError
from agreegen.messages import Message, message
from agreegen.signing.interface import AppearanceSource, Credential, Mechanism, RawSigner


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """What a worker needs to sign with a key that stays with the coordinator; the key is not in it.

    Attributes:
        address: Where the key holder listens: a local socket that only this user can open.
        authkey: Shared secret of the run.
        number: Which of its keys.
        name: The credential's name.
        path: The credential file.
        kind: The credential's kind.
        certificate_der: The signing certificate.
        chain_der: Further certificates.
        mechanism: How the key signs.
        appearance: Picture for visible fields.
        sm2_signer_id: The id that enters each SM2 digest.
    """

    address: str
    authkey: bytes
    number: int
    name: str
    path: Path
    kind: str
    certificate_der: bytes
    chain_der: tuple[bytes, ...]
    mechanism: Mechanism
    appearance: AppearanceSource | None
    sm2_signer_id: str | None = None

    def connect(self) -> Credential:
        """Return a credential whose signatures the key holder makes."""
        return self.credential_with(_RemoteSigner(self))

    def credential_with(self, signer: RawSigner) -> Credential:
        """Return the credential with what stands for its key here."""
        return Credential(
            name=self.name,
            path=self.path,
            kind=self.kind,
            certificate_der=self.certificate_der,
            chain_der=self.chain_der,
            signer=signer,
            appearance=self.appearance,
            sm2_signer_id=self.sm2_signer_id,
        )

    @classmethod
    def of(cls, credential: Credential, address: str, authkey: bytes, number: int) -> Self:
        """Describe a credential that answers at an address; `number` says which one it is there."""
        return cls(
            address=address,
            authkey=authkey,
            number=number,
            name=credential.name,
            path=credential.path,
            kind=credential.kind,
            certificate_der=credential.certificate_der,
            chain_der=credential.chain_der,
            mechanism=credential.signer.mechanism,
            appearance=credential.appearance,
            sm2_signer_id=credential.sm2_signer_id,
        )


class _RemoteSigner:
    """A `RawSigner` whose key is elsewhere."""

    def __init__(self, key: RemoteKey) -> None:
        self._key = key
        self._connection: Connection[Any, Any] = Client(key.address, authkey=key.authkey)

    @property
    def mechanism(self) -> Mechanism:
        return self._key.mechanism

    def sign(self, message: bytes) -> bytes:
        return self.sign_many([message])[0]

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        try:
            self._connection.send((self._key.number, list(messages)))
            answer = self._connection.recv()
        except (OSError, EOFError) as exc:
            raise CredentialError(
                message("batch.credential-process-holds-its-key-gone", name=self._key.name)
            ) from exc
        if isinstance(answer, Message):
            raise CredentialError(answer)
        return list(answer)

    def close(self) -> None:
        self._connection.close()
