"""Whether what a destruction left is genuine: anybody who can write beside a bag can put a record there."""

from __future__ import annotations

from pathlib import Path

from agreegen.archive.retention.records import COMPLETION_NAME, ORDER_NAME, RECORD_SIGNATURE
from agreegen.files import read_limited, sha256_of
from agreegen.json_text import parse_json
from agreegen.messages import message
from agreegen.pki.signer_pin import SignerPin
from agreegen.verification.detached import SealReport, SealState, judge_signature
from agreegen.verification.interface import Options

_MOST_RECORD_BYTES = 1 << 30
_MOST_SIGNATURE_BYTES = 4 << 20


def judge_order(folder: Path, options: Options) -> SealReport:
    """Judge the signature over the order in a folder.

    Raises:
        OSError: It cannot be read.
    """
    return _judge(folder, ORDER_NAME, options)[1]


def is_genuine(folder: Path, options: Options, signer: SignerPin | None = None) -> bool:
    """Say whether order and completion belong together and are signed.

    With anchors both signatures must be valid; without any, whoever made them, they must be right. Whoever
    has a trusted key can take a bag away and sign a record of that: `signer` says whose it must be.
    """
    try:
        order, sealed = _judge(folder, ORDER_NAME, options, signer)
        completion, completed = _judge(folder, COMPLETION_NAME, options, signer)
        same = parse_json(completion)["order_sha256"] == sha256_of(order)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    enough = {SealState.VALID} if options.anchors_der else {SealState.VALID, SealState.INDETERMINATE}
    return same and sealed.state in enough and completed.state in enough


def _judge(
    folder: Path, name: str, options: Options, signer: SignerPin | None = None
) -> tuple[bytes, SealReport]:
    data, beside = read_limited(folder / name, _MOST_RECORD_BYTES), folder / f"{name}{RECORD_SIGNATURE}"
    signature = read_limited(beside, _MOST_SIGNATURE_BYTES) if beside.is_file() else None
    subject = message("archive.the-destruction-record")
    return data, judge_signature(signature, data, options, subject=subject, pin=signer)[0]
