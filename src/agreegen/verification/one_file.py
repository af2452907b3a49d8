"""Verification of one file in this process: whatever is in it, it answers."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import AgreegenError
from agreegen.foreign import contained
from agreegen.messages import ErrorKind, Message, message
from agreegen.model.report import Alarm, FileReport, Verdict
from agreegen.pki.trust.policy import load_policy
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.paths import Unreadable, read_path, unreadable


def load_whole() -> None:
    """Load what judging any file may need, so that it is not on the account of the first one."""
    import agreegen.verification.proof.page_engine  # noqa: PLC0415 - files of ours need none of this
    import agreegen.verification.structure  # noqa: F401, PLC0415 - the same


def verify_bytes(label: str, data: bytes, options: Options) -> FileReport:
    """Judge one file in this process, without limits of time and memory; whatever is in it, it answers.

    Args:
        label: The path as the user gave it.
        data: The file's bytes.
        options: What the caller chose.

    Raises:
        InputError: The policy file is wrong.
    """
    load_policy(options.policy_file)
    try:
        return contained(examine)(label, data, options)
    except AgreegenError as exc:
        return _given_up(label, "not-judged", message("messages.text", text=exc), data)
    except MemoryError:
        return _given_up(label, "limit", message("verification.too-much-memory"), data)
    except Exception as exc:
        stopped = message("verification.stopped-unexpectedly", kind=ErrorKind.of(exc))
        return _given_up(label, "internal-error", stopped, data)


def _given_up(label: str, code: str, told: Message, data: bytes) -> FileReport:
    alarm = Alarm(code, told)
    return FileReport(label, Verdict.INDETERMINATE, None, alarms=(alarm,), size_bytes=len(data))


def verify_path(path: Path, options: Options) -> FileReport:
    """Read and judge one path in this process."""
    try:
        data = contained(read_path)(path, options.limits.max_file_bytes)
    except Unreadable as answer:
        return answer.report
    except MemoryError:
        return unreadable(str(path), "limit", message("verification.does-not-fit-memory"))
    except Exception as exc:
        told = message("verification.path-unreadable", kind=ErrorKind.of(exc))
        return unreadable(str(path), "not-readable", told)
    return verify_bytes(str(path), data, options)
