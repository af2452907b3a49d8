"""Keys that cannot be shared: they stay in one thread of one process, only the bytes to sign go there."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from agreegen.batch.making.remote_key import RemoteKey
from agreegen.errors import AgreegenError, CredentialError
from agreegen.messages import message
from agreegen.signing.credentials.kinds import KINDS
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Mechanism, Prompt


class KeyHolder:
    """Loads credentials and signs with them, everything in one thread (PKCS#11 sessions demand it)."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="agreegen-keys")
        self._credentials: list[Credential] = []
        self._listener: Listener | None = None
        self._authkey = secrets.token_bytes(32)

    def __enter__(self) -> KeyHolder:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Release every key."""
        if self._listener is not None:
            self._listener.close()
        for credential in self._credentials:
            self._thread.submit(credential.close).result()
        self._credentials.clear()
        self._thread.shutdown()

    def load(self, path: Path, *, prompt: Prompt | None = None) -> tuple[Credential, bool]:
        """Load a credential.

        Returns:
            The credential, usable from any thread, and whether another process can load it again by itself.

        Raises:
            CredentialError: See `load_credential`.
        """
        asked: list[str] = []

        def ask(question: str) -> str:
            asked.append(question)
            if prompt is None:
                raise CredentialError(message("batch.credential-secret-must-typed-nobody-can", path=path))
            return prompt(question)

        credential = self._thread.submit(load_credential, path, prompt=ask).result()
        self._credentials.append(credential)
        here = replace(credential, signer=_HeldSigner(credential, self._thread))
        return here, not (KINDS[credential.kind].needs_one_thread or asked)

    def share(self, credential: Credential) -> RemoteKey:
        """Return what a worker process needs to have signatures made by this credential."""
        number = next(i for i, held in enumerate(self._credentials) if held.path == credential.path)
        if self._listener is None:
            self._listener = Listener(family="AF_UNIX", authkey=self._authkey)
            threading.Thread(target=self._accept, name="agreegen-key-door", daemon=True).start()
        return RemoteKey.of(credential, str(self._listener.address), self._authkey, number)

    def _accept(self) -> None:
        from multiprocessing import AuthenticationError  # noqa: PLC0415 - only where keys are shared

        listener = self._listener
        while listener is not None:
            try:
                connection = listener.accept()
            except AuthenticationError:
                continue
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        with contextlib.suppress(OSError, EOFError, RuntimeError), connection:
            while True:
                number, messages = connection.recv()
                try:
                    signer = self._credentials[number].signer
                    connection.send(self._thread.submit(signer.sign_many, messages).result())
                except AgreegenError as exc:
                    connection.send(exc.sentence)


class _HeldSigner:
    """A `RawSigner` that passes every call to the one thread that may touch the key."""

    def __init__(self, credential: Credential, thread: ThreadPoolExecutor) -> None:
        self._signer = credential.signer
        self._thread = thread

    @property
    def mechanism(self) -> Mechanism:
        return self._signer.mechanism

    def sign(self, message: bytes) -> bytes:
        return self._thread.submit(self._signer.sign, message).result()

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        return self._thread.submit(self._signer.sign_many, messages).result()

    def close(self) -> None:
        """Nothing: the key holder releases its keys itself."""
