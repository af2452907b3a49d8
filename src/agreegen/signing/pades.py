"""PAdES signatures (EN 319 142-1): prepare a document, have its attributes signed, put the CMS in.

The three steps are apart so that documents can be prepared in any process while the key stays in one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agreegen.errors import SigningError, TimestampError
from agreegen.messages import Message, message
from agreegen.model.report import PadesLevel
from agreegen.signing.appearance.field_appearance import appearance_of
from agreegen.signing.certificate_checks import check_credential, fits_certificate
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest
from agreegen.signing.plain.field_signatures import prepare_further, prepare_quickly
from agreegen.signing.prepared import Prepared, SigningIdentity

if TYPE_CHECKING:
    from agreegen.signing.services.timestamps import TimestampClient

_ATTEMPTS = 2
"""A second one where another service, with larger tokens, answered in between."""


class BatchSigner:
    """Signs any number of documents in one role with one certificate.

    Args:
        identity: Whose signature; `SigningIdentity.of(credential)`. It holds no key and may travel.
        request: Role, level, time, reason and location of every signature.
        token_bytes: Room for a signature timestamp (`TimestampClient.token_bytes`); 0 for none.
    """

    def __init__(self, identity: SigningIdentity, request: SigningRequest, *, token_bytes: int = 0) -> None:
        self.identity = identity
        self.request = request
        self._template = CmsTemplate(
            identity.certificate_der, identity.chain_der, identity.mechanism, attributes=identity.attributes
        )
        self._reserved = self._template.greatest_size(token_bytes=token_bytes)
        self._appearance = appearance_of(identity, request.now)

    def prepare(
        self, pdf: bytes, *, judged: bool = False, begun: tuple[bytes, Any] | None = None
    ) -> Prepared:
        """Check that it is this signer's turn, and append the signature dictionary with an empty `/Contents`.

        Args:
            pdf: The file.
            judged: Whether its earlier signatures were found unaltered already.
            begun: Its first bytes and the state of SHA-256 behind them, where they were hashed before.

        Raises:
            SigningError: Unknown role, another holder, wrong order, signed already, locked, changed document.
        """
        prepared = prepare_quickly(
            pdf, self.identity, self.request, self._reserved, self._appearance, judged=judged
        )
        if prepared is None:
            prepared = self._prepare_with_pyhanko(pdf, judged=judged)
        digest = self._digest(prepared, begun)
        return replace(prepared, digest=digest, attributes=self._template.signed_attributes(digest))

    def _digest(self, prepared: Prepared, begun: tuple[bytes, Any] | None) -> bytes:
        data = memoryview(prepared.data)
        if begun is None or self._template.digest_name != "sha256" or not prepared.data.startswith(begun[0]):
            return self._template.digest(data[: prepared.start], data[prepared.end :])
        state = begun[1].copy()
        state.update(data[len(begun[0]) : prepared.start])
        state.update(data[prepared.end :])
        return bytes(state.digest())

    def finish(self, prepared: Prepared, signature: bytes, *, token: bytes | None = None) -> SignedPdf:
        """Put the CMS with the raw signature, and the timestamp over it, into a prepared document.

        Raises:
            SigningError: The CMS is larger than the room reserved.
        """
        cms = self._template.assemble(prepared.attributes, signature, timestamp_token=token)
        reached = PadesLevel.B_T if token is not None else PadesLevel.B_B
        pending = token is None and self.request.level is not PadesLevel.B_B
        hole = (prepared.start, prepared.end)
        return SignedPdf(prepared.fill(cms), reached, timestamp_pending=pending, hole=hole)

    def _prepare_with_pyhanko(self, pdf: bytes, *, judged: bool) -> Prepared:
        # pyHanko takes longer to load than a hundred signatures, and files of our own do not need it.
        from agreegen.signing.embedding import prepare_signature  # noqa: PLC0415 - see above
        from agreegen.signing.signing_order import require_next_signature  # noqa: PLC0415 - see above

        next_signature = require_next_signature(pdf, self.identity, self.request, judged=judged)
        further = prepare_further(pdf, self.request, self._reserved, self._appearance)
        if further is not None and not next_signature.certify:
            return further
        return prepare_signature(
            pdf,
            self.request.role,
            reserved_bytes=self._reserved,
            now=self.request.now,
            reason=self.request.reason,
            location=self.request.location,
            certify=next_signature.certify,
            appearance=self._appearance,
        )


def sign_pdf(
    pdf: bytes,
    credential: Credential,
    request: SigningRequest,
    *,
    checked: bool = False,
    judged: bool = False,
) -> SignedPdf:
    """Sign a PDF in one role.

    Steps: certificate → turn and earlier signatures → signature → its timestamp → validation data.

    Args:
        pdf: The file, ours (with `agreegen.json`) or any other.
        credential: Key and certificate.
        request: Role, level and the rest.
        checked: Whether `check_credential` has passed already.
        judged: Whether the earlier signatures were found unaltered already, by the examination of `verify`.

    Returns:
        The file and the level reached. Where no timestamp service answered it is B-B and says
        `timestamp_pending`; the local clock never stands in for a timestamp.

    Raises:
        CredentialError: The certificate must not sign, or the key cannot.
        SigningError: It is not this signer's turn, the document was changed, or a timestamp is asked for and
            no service is named.
    """
    if not checked:
        check_credential(credential, request.trust, request.now)
    if request.level is PadesLevel.B_B:
        signer = BatchSigner(SigningIdentity.of(credential), request)
        prepared = signer.prepare(pdf, judged=judged)
        return signer.finish(prepared, _sign(credential, prepared))
    if request.level is PadesLevel.OTHER:
        raise SigningError(message("signing.level-must-one-b-b-b"))
    if not request.tsa:
        raise SigningError(
            message("signing.level-needs-timestamp-service", level=request.level),
            hint=message("signing.give-one-tsa-url"),
        )
    from agreegen.signing.services.timestamps import TimestampClient  # noqa: PLC0415 - only above B-B

    with TimestampClient(request.tsa, trust=request.trust) as client:
        return _sign_with_timestamp(pdf, credential, request, client, judged=judged)


def _sign_with_timestamp(
    pdf: bytes, credential: Credential, request: SigningRequest, client: TimestampClient, *, judged: bool
) -> SignedPdf:
    identity = SigningIdentity.of(credential)
    refusal: Message | None = None
    for _ in range(_ATTEMPTS):
        try:
            room = client.token_bytes()
        except TimestampError as exc:
            room, refusal = 0, exc.sentence
        signer = BatchSigner(identity, request, token_bytes=room)
        prepared = signer.prepare(pdf, judged=judged)
        signature = _sign(credential, prepared)
        if not room:
            return replace(signer.finish(prepared, signature), why_pending=refusal)
        try:
            token = client.timestamp(signature)
        except TimestampError as exc:
            return replace(signer.finish(prepared, signature), why_pending=exc.sentence)
        if len(token) <= room:
            break
    signed = signer.finish(prepared, signature, token=token)
    if request.level is PadesLevel.B_T:
        return signed
    from agreegen.signing.extend import add_validation_data  # noqa: PLC0415 - extending needs more than signing

    return add_validation_data(signed.data, request.level, request.trust, client, request.now)


def _sign(credential: Credential, prepared: Prepared) -> bytes:
    signature = credential.signer.sign(prepared.attributes)
    if not fits_certificate(credential, prepared.attributes, signature):
        raise SigningError(
            message("signing.credential-key-made-signature-does-not", name=credential.name),
            hint=message("signing.check-key-certificate-belong-together"),
        )
    return signature
