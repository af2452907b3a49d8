"""One act of signing on a device, step by step. Its folder keeps what was shown and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import draw_pages
from agreegen.api.devices import (
    DeviceKey,
    DeviceSignature,
    Drawing,
    Moments,
    Occasion,
    Pointer,
    SigningEvidence,
    WaitingDocument,
    read_half_signed,
    record_device_signature,
    seal_strokes,
    write_half_signed,
)
from agreegen.errors import InputError
from agreegen.files import sha256_of, write_atomically
from agreegen.messages import message
from agreegen.web.office import Office
from agreegen.web.store.signings import Signing
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.signing_desk import archive_certificate, file_of, look_up, open_signing

_DPI = 110
_MOST_PAGES = 40
_OWNER_ONLY, _PRIVATE = 0o600, 0o700
_MOST_BROWSER = 300
_BEGIN_AGAIN = message("web.begin-again-or-ask")


@dataclass(frozen=True, slots=True)
class Given:
    """What a device sends when the person has drawn.

    Attributes:
        public_key: SubjectPublicKeyInfo, DER.
        proof: Signature over the certificate request.
        drawing: The drawing.
        pointer: `touch`, `pen` or `mouse`.
        address: Where the request came from.
        browser: What the browser calls itself.
        language: In which language the statement was shown.
    """

    public_key: bytes
    proof: bytes
    drawing: Drawing
    pointer: str
    address: str
    browser: str
    language: str


@dataclass(frozen=True, slots=True)
class SigningAct:
    """One act, with its document.

    Attributes:
        office: The office.
        signing: How far it has come.
        waiting: The document.
    """

    office: Office
    signing: Signing
    waiting: WaitingDocument

    @classmethod
    def of(cls, office: Office, signing: Signing) -> SigningAct:
        """Return the act of an open signing.

        Raises:
            InputError: The document does not wait for its person any more, or is another file now.
        """
        waiting = look_up(office, signing.subject.batch, signing.subject.document)
        if waiting is None or waiting.role.id != signing.subject.role:
            raise InputError(message("web.document-does-not-wait-for-this"), hint=_BEGIN_AGAIN)
        act = cls(office, signing, waiting)
        act.read_file()
        return act

    @property
    def folder(self) -> Path:
        """Where the act keeps its files."""
        return self.office.home.signing / self.signing.id

    def read_file(self) -> bytes:
        """Return the document, which is the one that the act was begun for.

        Raises:
            InputError: It is another one now.
        """
        data = file_of(self.office, self.signing.subject.batch, self.waiting).read_bytes()
        if sha256_of(data) != self.signing.subject.sha256:
            raise InputError(message("web.document-changed-since-this-begun"), hint=_BEGIN_AGAIN)
        return data

    def pages(self) -> tuple[Path, ...]:
        """Return the pictures of the pages, drawn once: what was shown is what was hashed.

        Raises:
            InputError: They cannot be drawn, or there are too many.
        """
        done = self.folder / "pages.json"
        if not done.is_file():
            self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            drawn = list(draw_pages(self.read_file(), dpi=_DPI, most_pages=_MOST_PAGES + 1))
            if not 0 < len(drawn) <= _MOST_PAGES:
                raise InputError(message("web.document-more-than-pages-signed-on", most_pages=_MOST_PAGES))
            for number, data in enumerate(drawn, start=1):
                write_atomically(self._page(number), data, mode=_OWNER_ONLY)
            write_atomically(done, json.dumps(len(drawn)).encode(), mode=_OWNER_ONLY)
        return tuple(self._page(number) for number in range(1, int(done.read_bytes()) + 1))

    def _page(self, number: int) -> Path:
        return self.folder / f"page-{number}.png"

    def show_page(self, number: int) -> bytes:
        """Return a page's picture, and note that it was shown.

        Raises:
            InputError: There is no such page.
        """
        pages = self.pages()
        if not 1 <= number <= len(pages):
            raise InputError(message("web.there-no-such-page"))
        (self.folder / f"shown-{number}").touch(mode=_OWNER_ONLY)
        return pages[number - 1].read_bytes()

    @property
    def all_shown(self) -> bool:
        """Whether every page was sent to the device."""
        return all((self.folder / f"shown-{n}").exists() for n in range(1, len(self.pages()) + 1))

    def request_info(self, public_key: bytes) -> bytes:
        """Return what the device signs to have its key certified.

        Raises:
            InputError: It is no key for this.
        """
        with open_signing(self.office) as signing:
            return signing.authority.request_info(self.waiting.person, public_key)

    def read_drawing(self, text: str) -> Drawing:
        """Read what came from the pad.

        Raises:
            InputError: It is no signature, or a copy: no hand draws the very same strokes twice.
        """
        drawing = Drawing.from_json(text)
        if not self.office.signings.is_first_drawing(drawing.shape(), self.signing.id):
            raise InputError(
                message("web.these-very-strokes-were-drawn-before"), hint=message("web.write-anew")
            )
        return drawing

    def prepare(self, given: Given) -> bytes:
        """Certify the key, prepare the document, and return what the device has to sign.

        Raises:
            InputError: The key does not fit, or the file was changed.
            SigningError: The document cannot be signed.
        """
        now, drawing = self.office.clock(), given.drawing
        digest = self.signing.subject.sha256
        strokes = drawing.to_file(document_sha256=digest, occasion=self.signing.id)
        evidence = self._evidence(given, sha256_of(strokes))
        with open_signing(self.office) as signing:
            key = DeviceKey(given.public_key, given.proof)
            half = signing.prepare(self.read_file(), self.waiting.person, key, evidence, drawing, now=now)
        sealed = seal_strokes(strokes, archive_certificate(self.office))
        write_atomically(self.folder / "strokes.p7m", sealed, mode=_OWNER_ONLY)
        write_half_signed(self.folder, half)
        return half.prepared.attributes

    def _evidence(self, given: Given, strokes_sha256: str) -> SigningEvidence:
        signing, waiting, known = self.signing, self.waiting, self.waiting.row.registration
        if signing.opened is None or signing.consented is None:
            raise InputError(message("web.statement-not-agreed"), hint=_BEGIN_AGAIN)
        moments = Moments(signing.issued, signing.opened, signing.consented, self.office.clock())
        pages = tuple(sha256_of(path.read_bytes()) for path in self.pages())
        return SigningEvidence(
            document_id=known.id,
            document_sha256=signing.subject.sha256,
            form=(known.form_id, known.form_version),
            role=signing.subject.role,
            pages=pages,
            consent=(waiting.consent.version, waiting.consent.text(given.language)),
            moments=moments,
            occasion=Occasion(signing.occasion),
            address=given.address,
            browser=given.browser[:_MOST_BROWSER],
            pointer=Pointer(given.pointer),
            witness=signing.witness,
            strokes_sha256=strokes_sha256,
        )

    def finish(self, raw: bytes) -> None:
        """Put the device's signature into the document, and the document into its place and its register.

        What comes out is kept first: if the server ends in the middle, `settle` goes on from there.

        Raises:
            InputError: The signature does not fit, or the document was changed meanwhile.
            SigningError, TimestampError: See `DeviceSigning.finish`.
            RegisterError, CredentialError: The register cannot be written.
        """
        if settle(self.office, self.signing):
            return
        half = read_half_signed(self.folder)
        with open_signing(self.office) as signing:
            signed = signing.finish(self.read_file(), half, raw, now=self.office.clock())
        facts = {
            "level": signed.level.value,
            "certificate_sha256": sha256_of(half.certificate_der),
            "evidence_sha256": sha256_of(half.evidence),
        }
        write_atomically(self.folder / "evidence.json", half.evidence, mode=_OWNER_ONLY)
        write_atomically(self.folder / "signed.pdf", signed.data, mode=_OWNER_ONLY)
        write_atomically(self.folder / "signed.json", json.dumps(facts).encode(), mode=_OWNER_ONLY)
        settle(self.office, self.signing)


def settle(office: Office, signing: Signing) -> bool:
    """Put a signed document into its place and its register; return whether there was one.

    Raises:
        InputError: The document was changed meanwhile.
        RegisterError, CredentialError: The register cannot be written.
    """
    folder = office.home.signing / signing.id
    try:
        facts = json.loads((folder / "signed.json").read_bytes())
        data = (folder / "signed.pdf").read_bytes()
    except OSError:
        return False
    batch = office.batches.find(signing.subject.batch)
    if batch is None:
        raise InputError(message("web.batch-not-there-any-more"), hint=message("web.restore-backup"))
    subject = signing.subject
    signature = DeviceSignature(
        subject.document, subject.sha256, data, subject.role, **facts, witness=signing.witness
    )
    credential = office.settings.register_credential
    file = None if credential is None else office.home.folder / credential
    now = office.clock()
    record_device_signature(BatchFolder.of(office.home, batch).register, file, signature, now=now)
    office.signings.sign(signing.id, now=now)
    return True


def picture_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in pixels (ISO/IEC 15948, 11.2.2)."""
    with path.open("rb") as file:
        head = file.read(24)
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
