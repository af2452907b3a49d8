"""Signature dictionaries written by pyHanko: any PDF that it can read, whatever its cross-references."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPSpec, InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, SignatureObject

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.signing.appearance.pictures import AppearanceMaker
from agreegen.signing.document_reading import FOREIGN_ERRORS, resolve
from agreegen.signing.prepared import Prepared


class RawObject(generic.PdfObject):
    """A PDF object whose bytes are ready."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:  # noqa: ARG002
        """Write the bytes as they are."""
        stream.write(self._body)


class _Locking(SigMDPSetup):
    """DocMDP of the certification and FieldMDP of the lock, each with its own permissions."""

    def apply(self, sig_obj_ref: Any, writer: Any) -> None:
        SigMDPSetup.apply(self, sig_obj_ref, writer)  # type: ignore[no-untyped-call]
        for reference in resolve(sig_obj_ref.get_object(), "/Reference", ()):
            if reference["/TransformMethod"] == "/FieldMDP":
                # /P is no entry of FieldMDP parameters (ISO 32000-2, table 259); the field's /Lock has it.
                reference["/TransformParams"].pop("/P", None)


def prepare_signature(
    pdf: bytes,
    field: str,
    *,
    reserved_bytes: int,
    now: datetime,
    reason: str | None,
    location: str | None,
    certify: bool,
    appearance: AppearanceMaker | None = None,
) -> Prepared:
    """Append a signature dictionary in a field, with room for the CMS; `digest` is its SHA-256.

    Args:
        pdf: The file.
        field: Name of the field; an invisible one is created where there is none.
        reserved_bytes: Room for the CMS.
        now: `/M`.
        reason: `/Reason`.
        location: `/Location`.
        certify: Whether this is the first signature, which certifies with DocMDP P=2.
        appearance: Makes the picture of a visible field.

    Raises:
        SigningError: The file cannot be updated.
    """
    placeholder = SignatureObject(
        timestamp=now,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        location=location,
        bytes_reserved=2 * reserved_bytes,
    )
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
        embedder = PdfCMSEmbedder(
            SigFieldSpec(field, invis_sig_settings=InvisSigSettings(set_hidden_flag=False))
        )
        steps = embedder.write_cms(field, writer)
        reference = next(steps)
        sig_field = reference.get_object()
        if appearance is not None:
            _apply_appearance(writer, sig_field, appearance)
        locking = _locking(sig_field, certify=certify)
        steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=locking))
        return _write(steps)
    except SigningError:
        raise
    except FOREIGN_ERRORS as exc:
        raise SigningError(
            message("signing.field-cannot-signed", field=field, exc=exc),
            hint=message("signing.run-agreegen-verify"),
        ) from exc


def _locking(sig_field: Any, *, certify: bool) -> _Locking:
    lock = resolve(sig_field, "/Lock")
    return _Locking(
        md_algorithm="sha256",
        certify=certify,
        field_lock=None if lock is None else FieldMDPSpec.from_pdf_object(lock),
        docmdp_perms=MDPPerm.FILL_FORMS if certify else None,
    )


def prepare_timestamp(pdf: bytes, field: str, *, reserved_bytes: int) -> Prepared:
    """Append a document timestamp dictionary (EN 319 142-1, 5.4.3) in a new invisible field.

    Raises:
        SigningError: The file cannot be updated.
    """
    placeholder = DocumentTimestamp(bytes_reserved=2 * reserved_bytes)  # type: ignore[no-untyped-call]
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
        embedder = PdfCMSEmbedder(
            SigFieldSpec(field, invis_sig_settings=InvisSigSettings(set_hidden_flag=False))
        )
        steps = embedder.write_cms(field, writer)
        next(steps)
        steps.send(SigObjSetup(sig_placeholder=placeholder))
        return _write(steps)
    except FOREIGN_ERRORS as exc:
        raise SigningError(
            message("signing.document-cannot-timestamped", exc=exc),
            hint=message("signing.run-agreegen-verify"),
        ) from exc


def _write(steps: Any) -> Prepared:
    digest, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    return Prepared(
        data=output.getvalue(),
        start=digest.reserved_region_start,
        end=digest.reserved_region_end,
        digest=digest.document_digest,
    )


def _apply_appearance(writer: Any, sig_field: Any, appearance: AppearanceMaker) -> None:
    annotation = sig_field if "/Rect" in sig_field else sig_field["/Kids"][0]
    left, bottom, right, top = (float(number) for number in annotation["/Rect"])
    width, height = abs(right - left), abs(top - bottom)
    if not width or not height:
        return
    made = appearance(width, height)
    references = [writer.allocate_placeholder() for _ in range(made.count)]
    for reference, body in zip(references, made.bodies(references[0].idnum), strict=True):
        writer.add_object(RawObject(body), idnum=reference.idnum)
    normal = generic.DictionaryObject({generic.pdf_name("/N"): references[0]})  # type: ignore[no-untyped-call]
    annotation[generic.pdf_name("/AP")] = normal
    writer.update_container(annotation)
