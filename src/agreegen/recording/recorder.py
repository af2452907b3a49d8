"""A register that one command writes to: whatever it records ends under a signed head."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agreegen.chain.signed_heads import Head
from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.recording.signer import CredentialSigner
from agreegen.register.interface import EventDraft, EventKind, How
from agreegen.register.paper import PaperRecord, paper_error, paper_problem
from agreegen.register.store import Register


@dataclass(slots=True)
class Recorder:
    """Records events, each call in one transaction that ends with the head over it.

    `opening.open_recorder` gives one for a command; the run of a batch makes its own.

    Attributes:
        register: The open register; its folder is locked.
        signer: Who signs the heads; None only where nobody ever signed one.
        pins: Whether that is named as the register's signer where nobody is yet.
    """

    register: Register
    signer: CredentialSigner | None
    pins: bool = True

    def record(self, drafts: Iterable[EventDraft], *, now: datetime) -> Head | None:
        """Record events and the signed head over them; nothing where there are none.

        Args:
            drafts: The events; they are asked for one by one, within the transaction.
            now: Aware UTC time of the events.

        Raises:
            RegisterError: The register cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        found = iter(drafts)
        first = next(found, None)
        if first is None:
            return None
        signer = None if self.signer is None else replace(self.signer, now=now)
        return self.register.record_many(
            itertools.chain((first,), found), now=now, signer=signer, pin=self.pins
        )

    def sign_as_it_is(self, *, now: datetime) -> Head | None:
        """Have the present end of the chain signed once more, so that it names its signer.

        Raises:
            RegisterError: The register cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        signer = None if self.signer is None else replace(self.signer, now=now)
        return self.register.record_many([], now=now, signer=signer, pin=self.pins)

    def prove_time(self, signer: CredentialSigner) -> Head | None:
        """Have the present end of the chain signed once more, by a signer who asks a timestamp service.

        Raises:
            TimestampError: No service gave an acceptable timestamp; nothing was recorded.
            RegisterError: The register cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        return self.register.record_many([], now=signer.now, signer=signer, pin=self.pins)

    def record_paper(self, records: Sequence[PaperRecord], *, now: datetime) -> Head | None:
        """Record documents that were signed on paper, all in one transaction.

        The scans must lie durably in place already; what `paper_problem` says is asked again here, and two
        records of one call must not share a document or a scan.

        Raises:
            InputError: A record is refused; nothing was recorded.
            RegisterError: The register cannot be written; nothing was recorded.
        """
        documents: set[str] = set()
        scans: set[str] = set()
        for record in records:
            problem = paper_problem(self.register, record.document_id, record.roles, record.scans)
            if problem is not None:
                raise paper_error(problem, record.document_id)
            hashes = {scan.sha256 for scan in record.scans}
            if record.document_id in documents or hashes & scans:
                raise InputError(
                    message("recording.document-or-its-scan-named-twice", document_id=record.document_id),
                    hint=message("recording.give-each-document-one-scan-its"),
                )
            documents.add(record.document_id)
            scans |= hashes
        return self.record([record.to_draft() for record in records], now=now)

    def record_printed(self, document_ids: Iterable[str], *, by: str, now: datetime) -> Head | None:
        """Record that documents were printed, all in one transaction.

        Args:
            document_ids: The documents.
            by: Who printed them.
            now: Aware UTC time of the events.

        Raises:
            RegisterError: A document is unknown, or the register cannot be written; nothing was recorded.
        """
        details = {"by": by}
        return self.record(
            (EventDraft(EventKind.PRINTED, each, details=details) for each in document_ids), now=now
        )

    def retract(self, document_id: str, *, reason: str, by: str, now: datetime) -> Head | None:
        """Take the paper record of a document back; record and retraction both stay in the chain.

        Raises:
            InputError: Nothing on paper is recorded of the document, or no reason is given.
            RegisterError: The register cannot be written; nothing was recorded.
        """
        document = self.register.document(document_id)
        fulfilled = () if document is None else document.fulfilled.values()
        taken = next((each.event for each in fulfilled if each.how is How.PAPER), None)
        if taken is None:
            raise InputError(
                message("recording.document-no-scan-recorded", document_id=document_id),
                hint=message("recording.see-agreegen-register-list-register-file"),
            )
        if not reason.strip():
            raise InputError(
                message("recording.retraction-needs-reason"),
                hint=message("recording.say-why-record-was-wrong"),
            )
        facts = {"event": taken, "reason": reason.strip(), "by": by}
        return self.record([EventDraft(EventKind.RETRACTED, document_id, details=facts)], now=now)
