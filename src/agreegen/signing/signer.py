"""Our own pyHanko `Signer`: CMS from a template, the raw signature from whatever holds the key."""

from __future__ import annotations

from typing import Any

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreegen.errors import SigningError
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.interface import Credential


class PadesSigner(Signer):
    """A signer for pyHanko's `PdfSigner` that encodes the certificate's part of the CMS only once.

    Args:
        credential: Key and certificate.
    """

    def __init__(self, credential: Credential) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(asn1_x509.Certificate.load(der) for der in credential.chain_der)
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(credential.certificate_der),
            cert_registry=store,
            signature_mechanism=None,
        )
        self._raw = credential.signer
        self._template = CmsTemplate.for_credential(credential)

    @property
    def reserved_bytes(self) -> int:
        """Value for pyHanko's `bytes_reserved`: hexadecimal digits of the largest CMS."""
        return 2 * self._template.greatest_size()

    @property
    def digest_name(self) -> str:
        """The digest that the mechanism goes with; pyHanko must be told it as `md_algorithm`."""
        return self._template.digest_name

    def get_signature_mechanism_for_digest(self, digest_algorithm: str | None) -> algos.SignedDigestAlgorithm:
        """Return the signature algorithm, which the key alone decides."""
        if digest_algorithm not in (None, self.digest_name):
            raise SigningError(f"this key signs with {self.digest_name}, not with {digest_algorithm}")
        attributes = self._template.signed_attributes(self._template.digest(b""))
        info = cms.ContentInfo.load(self._template.assemble(attributes, b""))
        return info["content"]["signer_infos"][0]["signature_algorithm"]

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        """Sign bytes with the key itself; the digest algorithm follows from the key."""
        return self._raw.sign(data)

    async def async_sign(
        self,
        data_digest: bytes,
        digest_algorithm: str,
        dry_run: bool = False,
        use_pades: bool = True,  # noqa: ARG002 - the only profile there is
        timestamper: Any = None,
        signed_attr_settings: Any = None,  # noqa: ARG002 - the template has the attributes
        is_pdf_sig: bool = True,  # noqa: ARG002 - so do the next two follow from PAdES
        encap_content_info: Any = None,  # noqa: ARG002
    ) -> cms.ContentInfo:
        """Return the CMS over a document's digest.

        Raises:
            SigningError: The digest is not this key's, or a signature timestamp is asked for.
        """
        if digest_algorithm != self.digest_name:
            raise SigningError(f"this key signs with {self.digest_name}, not with {digest_algorithm}")
        if timestamper is not None:
            raise SigningError("timestamps come from sign_pdf or extend_pdf, not from pyHanko")
        attributes = self._template.signed_attributes(data_digest)
        signature = bytes(self.reserved_bytes // 8) if dry_run else self._raw.sign(attributes)
        return cms.ContentInfo.load(self._template.assemble(attributes, signature))
