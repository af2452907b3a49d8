"""Keys that stay with the coordinator of a cluster: only the bytes to sign travel, over the cluster's TLS."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import distributed
from distributed.utils import sync

from agreegen.batch.making.remote_key import RemoteKey
from agreegen.errors import AgreegenError, CredentialError
from agreegen.messages import SaidElsewhere, foreign_text, in_every_language, languages, message, text_in
from agreegen.signing.credentials.kinds import KINDS
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Mechanism

_CONNECT_S, _ANSWER_S = 20, 120
_comm: Any = distributed.comm  # carries no types


class ClusterKey(RemoteKey):
    """What a worker of a cluster is told of a shared credential: neither the key nor its passphrase."""

    __slots__ = ()

    def connect(self) -> Credential:
        """Load the credential where its file is on this machine and opens; else have the coordinator sign."""
        if self.path.is_file():
            with contextlib.suppress(CredentialError):
                own = load_credential(self.path)
                if own.certificate_der == self.certificate_der and not KINDS[own.kind].needs_one_thread:
                    return own
                own.close()
        return self.credential_with(_DistantSigner(self))


class RemoteOnlyKey(ClusterKey):
    """The same for a key that no worker may open by itself: a token, a service, a passphrase typed in."""

    __slots__ = ()

    def connect(self) -> Credential:
        """Have the coordinator sign."""
        return self.credential_with(_DistantSigner(self))


class _DistantSigner:
    """A `RawSigner` whose key is with the coordinator, on another machine."""

    def __init__(self, key: RemoteKey) -> None:
        self._key = key
        self._worker: Any = distributed.get_worker()
        self._comm: Any = None

    @property
    def mechanism(self) -> Mechanism:
        return self._key.mechanism

    def sign(self, message: bytes) -> bytes:
        return self.sign_many([message])[0]

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        try:
            answer = sync(self._worker.loop, self._ask, list(messages), callback_timeout=_ANSWER_S)
        except (OSError, EOFError, TimeoutError) as exc:
            raise CredentialError(
                message("batch.credential-its-key-holder-does-not", name=self._key.name)
            ) from exc
        if "error" in answer:
            said = {language: text_in(answer, "error", language) for language in languages()}
            raise CredentialError(foreign_text(SaidElsewhere.of(said)))
        return [bytes(value) for value in answer["signatures"]]

    async def _ask(self, messages: list[bytes]) -> Any:
        if self._comm is None or self._comm.closed():
            arguments = self._worker.security.get_connection_args("worker")
            self._comm = await _comm.connect(
                self._key.address, timeout=_CONNECT_S, deserialize=False, **arguments
            )
        question = {"authkey": self._key.authkey, "number": self._key.number, "messages": messages}
        await self._comm.write(question)
        return await self._comm.read()

    def close(self) -> None:
        if self._comm is not None:
            self._worker.loop.add_callback(self._comm.abort)


class KeyDoor:
    """Answers the workers' requests for signatures; both sides show a certificate of the cluster's authority.

    Args:
        loop: Event loop of the cluster's client.
        security: TLS settings of the cluster's client.
        host: Address of this machine as the cluster sees it.
        credentials: By index into `Job.signatures`; they may be used from any thread.
    """

    def __init__(self, loop: Any, security: Any, host: str, credentials: Mapping[int, Credential]) -> None:
        self._loop = loop
        self._credentials = dict(credentials)
        self._authkey = secrets.token_bytes(32)
        self._listener: Any = None
        if self._credentials:
            sync(loop, self._open, f"tls://{host}:0", security.get_listen_args("client"))

    async def _open(self, address: str, arguments: Mapping[str, Any]) -> None:
        self._listener = await _comm.listen(address, self._serve, deserialize=False, **arguments)

    async def _serve(self, comm: Any) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                question = await comm.read()
                if not secrets.compare_digest(bytes(question["authkey"]), self._authkey):
                    break
                await comm.write(await self._loop.run_in_executor(None, self._answer, question))
        comm.abort()

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        credential = self._credentials[int(question["number"])]
        try:
            messages = [bytes(message) for message in question["messages"]]
            return {"signatures": credential.signer.sign_many(messages)}
        except AgreegenError as exc:
            return in_every_language("error", exc)

    def key(self, index: int, *, shareable: bool) -> RemoteKey:
        """Return what a worker needs to have signatures made by a credential."""
        credential = self._credentials[index]
        kind = ClusterKey if shareable else RemoteOnlyKey
        return kind.of(credential, self._listener.contact_address, self._authkey, index)

    def close(self) -> None:
        """Answer no more."""
        if self._listener is not None:
            self._loop.add_callback(self._listener.stop)
