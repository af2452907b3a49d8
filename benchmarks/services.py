"""The loopback services in a process of their own, with a timestamp service that costs little of the machine.

A real timestamp service runs elsewhere. The one of the example PKI builds each answer with a library and
takes several milliseconds of the processors that are to be measured; this one has everything ready but the
signature.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from asn1crypto import tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from agreegen.pki.encoding import tlv

_START_S = 60.0
_ONE = tlv(0x02, b"\x01")
_OID_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OID_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_OID_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_VARYING = frozenset({"message_digest", "signing_time"})


class QuickTimestamps:
    """RFC 3161 answers made from the parts of a first one.

    Args:
        answer: A granted answer of the service, signed with ECDSA and SHA-256.
        key: The service's key.
    """

    def __init__(self, answer: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        response = tsp.TimeStampResp.load(answer)
        signed = response["time_stamp_token"]["content"]
        signer = signed["signer_infos"][0]
        self._key = key
        self._status = response["status"].dump()
        self._policy = signed["encap_content_info"]["content"].parsed["policy"].dump()
        self._head = (signed["version"].dump(), signed["digest_algorithms"].dump())
        self._certificates = signed["certificates"].dump()
        self._signer = tuple(signer[name].dump() for name in ("version", "sid", "digest_algorithm"))
        self._algorithm = signer["signature_algorithm"].dump()
        attributes = signer["signed_attrs"]
        self._fixed = [one.dump() for one in attributes if one["type"].native not in _VARYING]
        self._serials = itertools.count(1 << 40)

    def answer(self, request: bytes) -> bytes:
        """Answer one request (RFC 3161, section 2.4)."""
        query = tsp.TimeStampReq.load(request)
        moment = f"{datetime.now(UTC):%Y%m%d%H%M%S}Z".encode()
        serial = tlv(0x02, next(self._serials).to_bytes(8, "big"))
        imprint, nonce = query["message_imprint"].dump(), query["nonce"].dump()
        info = tlv(0x30, _ONE, self._policy, imprint, serial, tlv(0x18, moment), nonce)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(info)
        varying = tlv(0x30, _OID_MESSAGE_DIGEST, tlv(0x31, tlv(0x04, digest.finalize())))
        attributes = tlv(0x31, *sorted((*self._fixed, varying)))
        signature = self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        signer = tlv(0x30, *self._signer, b"\xa0" + attributes[1:], self._algorithm, tlv(0x04, signature))
        content = tlv(0x30, _OID_TST_INFO, tlv(0xA0, tlv(0x04, info)))
        signed = tlv(0x30, *self._head, content, self._certificates, tlv(0x31, signer))
        return tlv(0x30, self._status, tlv(0x30, _OID_SIGNED_DATA, tlv(0xA0, signed)))


class QuickResponder(Responder):
    """The example PKI's services, with quick timestamps."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        key = load_pem_private_key((self.pki.keys / "tsa.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the timestamp service of the example PKI should have an elliptic curve key")
        _, _, first = super().answer("POST", "/tsa", _first_request(), "")
        self._quick = QuickTimestamps(first, key)

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        """Answer one request; `delay_s` comes before it."""
        if method != "POST" or not path.startswith("/tsa"):
            return super().answer(method, path, body, authorization)
        if self.delay_s:
            time.sleep(self.delay_s)
        return 200, "application/timestamp-reply", self._quick.answer(body)


def _first_request() -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}
    request = {"version": 1, "message_imprint": imprint, "nonce": 1, "cert_req": True}
    return bytes(tsp.TimeStampReq(request).dump())


@contextlib.contextmanager
def services(pki: ExamplePki, *, delay_s: float = 0.0) -> Iterator[str]:
    """Run the loopback services in a process of their own; give the address of the timestamp service.

    With a delay only the timestamp service is to be used: it then listens on another port.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, pki.folder, delay_s), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_S):
            raise RuntimeError("the loopback services did not start")
        yield str(ours.recv())
    finally:
        ours.close()
        process.join(timeout=10)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(connection: Connection, folder: Path, delay_s: float) -> None:
    with QuickResponder(folder, 0 if delay_s else None) as responder:
        responder.delay_s = delay_s
        connection.send(responder.tsa_url)
        with contextlib.suppress(EOFError, OSError):
            connection.recv()
