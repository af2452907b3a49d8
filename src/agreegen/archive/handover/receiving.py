"""Receiving a bag: against its transfer list and by itself; sender's signature and receipt are kept."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.archive.handover.handing_over import (
    RECEIPT_NAME,
    SIGNATURE_SUFFIX,
    TABLE_NAME,
    transfer_folder,
)
from agreegen.archive.handover.listing import DOCUMENTS
from agreegen.archive.handover.receipt import ReceiptCheck, Received
from agreegen.archive.handover.table import write_list_table
from agreegen.archive.handover.transfer_list import LIST_NAME, TransferList
from agreegen.archive.interface import TAG_MANIFEST, BagReport
from agreegen.archive.manifests import ManifestError, parse_manifest
from agreegen.archive.structure import refuse_inside_bag
from agreegen.archive.verify import verify_bag
from agreegen.errors import ArchiveError, InputError, UsageError
from agreegen.files import read_limited, sha256_of, sync_folder, sync_tree, write_atomically
from agreegen.json_text import parse_json
from agreegen.messages import Message, message
from agreegen.model.document import canonical_json
from agreegen.pki.signer_pin import SignerPin
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Credential, TimestampServer, Trust
from agreegen.temporary import OwnFolder
from agreegen.verification.detached import SealReport, SealState, judge_signature
from agreegen.verification.interface import Options

_MAX_LIST_BYTES = 256 << 20
_MAX_SIGNATURE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who receives, and where to.

    Attributes:
        by: Who receives (接收人).
        now: Aware UTC time.
        store: Folder that the bag is copied into; None to leave it where it is.
        list_file: The transfer list; None for the one in `BAG.transfer/`.
        signer: Who must have signed the list; None for any person whom the anchors trust.
        credential: Who signs the receipt; None for a receipt without signature.
        trust: Anchors for the check before signing.
        tsa: Timestamp services for the receipt's signature.
    """

    by: str
    now: datetime
    store: Path | None = None
    list_file: Path | None = None
    signer: SignerPin | None = None
    credential: Credential | None = None
    trust: Trust = field(default_factory=Trust)
    tsa: tuple[TimestampServer, ...] = ()


@dataclass(frozen=True, slots=True)
class _SentList:
    """A transfer list as it came.

    Attributes:
        data: Its bytes, which are signed.
        signature: The signature, DER; None where there is none.
        content: What it says.
    """

    data: bytes
    signature: bytes | None
    content: TransferList


def receive_bag(bag: Path, options: Options, receiver: Receiver) -> Received:
    """Check a bag against its list and by itself; where all is right, keep it with list and receipt.

    1. With a store: the bag is copied into a temporary folder there, and what is judged is that copy.
    2. The sender's signature over the list.
    3. The list names this bag, by the hash of its tag manifest; every document that it lists is there with
       its size and hash, and no other.
    4. The bag itself, as by `archive verify`.
    5. Where all is right: the receipt is written and signed, and the copy takes its name. Else nothing is.

    Raises:
        UsageError: A bag of this name is in the store already.
        InputError: There is no transfer list, or it cannot be read.
        ArchiveError: The bag cannot be copied, or the disk cannot be written.
        SigningError: The receipt could not be signed.
    """
    if receiver.credential is not None:
        check_credential(receiver.credential, receiver.trust, receiver.now)
    if not bag.is_dir():
        raise UsageError(
            message("archive.no-bag", bag=bag),
            hint=message("archive.name-folder-agreegen-archive-create-wrote"),
        )
    if receiver.store is not None:
        refuse_inside_bag(receiver.store)
    sent = _read_list(receiver.list_file or transfer_folder(bag) / LIST_NAME)
    try:
        if receiver.store is None:
            received = _judge(bag, bag.name, sent, options, receiver)
            return _keep(received, transfer_folder(bag), sent, receiver)
        return _into_store(bag, sent, options, receiver, receiver.store)
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-written", bag=receiver.store or transfer_folder(bag), exc=exc),
            hint=message("archive.check-disk-permissions"),
        ) from exc


def _read_list(path: Path) -> _SentList:
    try:
        data = read_limited(path, _MAX_LIST_BYTES)
    except OSError as exc:
        raise InputError(
            message("archive.transfer-list-missing", path=path, exc=exc),
            hint=message("archive.transfer-list-missing.hint"),
        ) from exc
    beside = path.with_name(f"{path.name}{SIGNATURE_SUFFIX}")
    signature = read_limited(beside, _MAX_SIGNATURE_BYTES) if beside.is_file() else None
    return _SentList(data, signature, TransferList.from_json(data, path))


def _judge(bag: Path, name: str, sent: _SentList, options: Options, receiver: Receiver) -> Received:
    report = verify_bag(bag, options)
    seal, _ = judge_signature(
        sent.signature, sent.data, options, subject=message("archive.the-transfer-list"), pin=receiver.signer
    )
    checks = (_list_signature(seal), *_against_list(bag, name, sent.content), _bag_itself(report))
    return Received(bag, sent.content, seal, checks, report)


def _list_signature(seal: SealReport) -> ReceiptCheck:
    told = seal.detail
    if told is None or seal.state is SealState.MISSING:
        told = message("archive.transfer-unsigned")
    return ReceiptCheck("list-signature", seal.state is SealState.VALID, told)


def _bag_itself(report: BagReport) -> ReceiptCheck:
    told: Message = message("archive.transfer-bag", documents=len(report.documents.files), files=report.files)
    if report.problems:
        told = report.problems[0].message
    return ReceiptCheck("bag", report.valid, told)


def _against_list(bag: Path, name: str, listed: TransferList) -> Iterator[ReceiptCheck]:
    data = _tag_manifest(bag)
    same = data is not None and sha256_of(data) == listed.tag_manifest_sha256 and name == listed.bag
    yield ReceiptCheck("same-bag", same, message("archive.transfer-same-bag", bag=listed.bag))
    try:
        payload, _ = parse_manifest((bag / "manifest-sha256.txt").read_bytes())
    except (OSError, ManifestError):
        payload = {}
    there = {path: sha256 for path, sha256 in payload.items() if path.startswith(DOCUMENTS)}
    wanted = {row.path: row for row in listed.rows}
    missing = sorted(wanted.keys() - there.keys())
    more = sorted(there.keys() - wanted.keys())
    other = [
        path
        for path, row in wanted.items()
        if path in there and (row.sha256 != there[path] or row.size != _size(bag / path))
    ]
    twice = len(listed.rows) - len(wanted)
    for code, found in (("missing", missing), ("unlisted", more), ("differs", other)):
        yield _named(code, len(wanted), found)
    counted = message("archive.transfer-counted", documents=len(listed.rows), size=listed.size, twice=twice)
    yield ReceiptCheck("counts", twice == 0 and len(listed.rows) == len(there), counted)


def _named(code: str, documents: int, found: list[str]) -> ReceiptCheck:
    told = message("archive.four-counted", count=documents, bad=len(found))
    if found:
        told = message("archive.four-named", counted=told, names=found[:10])
    return ReceiptCheck(code, not found, told)


def _tag_manifest(bag: Path) -> bytes | None:
    try:
        return (bag / TAG_MANIFEST).read_bytes()
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return -1


def _into_store(bag: Path, sent: _SentList, options: Options, receiver: Receiver, store: Path) -> Received:
    target = store / bag.name
    if target.exists() or target.is_symlink():
        raise UsageError(
            message("archive.exists-already", bag=target), hint=message("archive.received-already.hint")
        )
    beside = transfer_folder(target)
    _clear_half(beside, sent)
    store.mkdir(parents=True, exist_ok=True)
    with OwnFolder(store, bag.name) as folder:
        copy = folder / "bag"
        _copy(bag, copy)
        received = _judge(copy, bag.name, sent, options, receiver)
        if not received.accepted:
            return received.at(bag)
        _write_list(folder / "transfer", sent)
        done = _keep(received.at(target), folder / "transfer", sent, receiver)
        (folder / "transfer").rename(beside)
        copy.rename(target)
        sync_folder(store)
    return done


def _clear_half(beside: Path, sent: _SentList) -> None:
    """Remove what a killed run left: the same list, beside no bag yet. Another one is not ours to remove."""
    if not beside.exists():
        return
    known = beside / LIST_NAME
    if not known.is_file() or known.read_bytes() != sent.data:
        raise UsageError(
            message("archive.exists-already", bag=beside), hint=message("archive.received-already.hint")
        )
    shutil.rmtree(beside)


def _copy(source: Path, target: Path) -> None:
    """Copy plain files and folders, durably; a link or a device would bring in something else."""
    for current, folders, names in os.walk(source):
        below = target / Path(current).relative_to(source)
        below.mkdir()
        for name in (*folders, *names):
            path = Path(current, name)
            kind = path.lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise ArchiveError(
                    message("archive.not-plain", path=path),
                    hint=message("archive.run-agreegen-archive-verify"),
                )
        for name in names:
            shutil.copyfile(Path(current, name), below / name, follow_symlinks=False)
            (below / name).chmod(stat.S_IMODE(Path(current, name).stat().st_mode) & 0o777)
    sync_tree(target)


def _write_list(folder: Path, sent: _SentList) -> None:
    write_atomically(folder / LIST_NAME, sent.data, mode=0o600)
    if sent.signature is not None:
        write_atomically(folder / f"{LIST_NAME}{SIGNATURE_SUFFIX}", sent.signature)
    write_list_table(folder / TABLE_NAME, sent.content)


def _require_own(receipt: Path, received: Received, sent: _SentList, receiver: Receiver) -> None:
    """Refuse a receipt that was not given for this bag: whoever brings a bag could put one beside it."""
    data = read_limited(receipt, _MAX_LIST_BYTES)
    try:
        facts = parse_json(data)
        named = (facts["tag_manifest_sha256"], facts["list_sha256"])
    except (ValueError, TypeError, KeyError):
        named = ("", "")
    own = named == (received.listed.tag_manifest_sha256, sha256_of(sent.data))
    if not own or not _receipt_signed(receipt, data, receiver):
        raise UsageError(
            message("archive.receipt-of-another", path=receipt),
            hint=message("archive.receipt-of-another.hint"),
        )


def _receipt_signed(receipt: Path, data: bytes, receiver: Receiver) -> bool:
    """Whether a receipt's signature is right; where nobody signs now, it may have none."""
    beside = receipt.with_name(f"{receipt.name}{SIGNATURE_SUFFIX}")
    if not beside.is_file():
        return receiver.credential is None
    own = () if receiver.credential is None else (receiver.credential.certificate_der,)
    anchors = (*receiver.trust.anchors_der, *own)
    options = Options(now=receiver.now, anchors_der=anchors, crls_der=receiver.trust.crls_der)
    signature = read_limited(beside, _MAX_SIGNATURE_BYTES)
    seal, _ = judge_signature(signature, data, options, subject=message("archive.the-receipt"))
    return seal.state is SealState.VALID


def _keep(received: Received, folder: Path, sent: _SentList, receiver: Receiver) -> Received:
    """Write the receipt beside list and signature, where all is right and none is there."""
    if not received.accepted:
        return received
    receipt = folder / RECEIPT_NAME
    if receipt.exists():
        _require_own(receipt, received, sent, receiver)
        return received.known()
    if not (folder / LIST_NAME).exists():
        _write_list(folder, sent)
    facts = {
        "schema": "agreegen/receipt/1",
        "bag": received.listed.bag,
        "tag_manifest_sha256": received.listed.tag_manifest_sha256,
        "list_sha256": sha256_of(sent.data),
        "received_at": receiver.now.isoformat().replace("+00:00", "Z"),
        "by": receiver.by,
        "documents": len(received.listed.rows),
        "bytes": received.listed.size,
        "checks": [check.to_dict() for check in received.checks],
    }
    data = canonical_json(facts) + b"\n"
    if receiver.credential is not None:
        signature = sign_detached(data, receiver.credential, receiver.now, receiver.tsa, trust=receiver.trust)
        write_atomically(folder / f"{RECEIPT_NAME}{SIGNATURE_SUFFIX}", signature)
    write_atomically(receipt, data)
    return received.kept()
