"""A persistent LibreOffice: started once, spoken to over pipes, replaced after a hang or many documents."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from agreegen.conversion.office_profile import write_profile
from agreegen.errors import ConversionError, MissingProgramError
from agreegen.messages import ForeignDetail, message
from agreegen.programs import find_program, run_program
from agreegen.temporary import OwnFolder, shared_temporary_folder

_WORKER = Path(__file__).with_name("uno_worker.py")
_START_S = 90.0
FontChains = Sequence[tuple[str, Sequence[str]]]
"""Font name in the template → families tried in turn where that font is missing or lacks a character."""


class _OfficeDied(Exception):  # noqa: N818 - private; becomes a ConversionError after one retry
    """The office ended or hung on a document."""


class LibreOffice:
    """LibreOffice kept open: the `Office` that lays out any form.

    Each instance has a profile folder and a process group of its own, so several may run side by side, and
    ending one never touches an office that somebody else uses. The process starts with the first document.
    An instance belongs to one thread.

    Args:
        font_folders: Folders whose fonts the office sees; no other font is used.
        font_chains: Font names of the templates with the families that stand in for them, in order.
        timeout_s: Time limit for one document.
        own_network: Whether the office gets an empty network of its own where the kernel allows that; its
            profile keeps it from fetching in any case.
        restart_after: Documents after which the process is replaced, as it grows by some 0.3 MB a document.

    Attributes:
        offline: Whether the running office has no network at all; None before it runs.

    Raises:
        MissingProgramError: LibreOffice or its Python bridge is not installed.
    """

    def __init__(
        self,
        font_folders: Sequence[Path],
        font_chains: FontChains = (),
        *,
        timeout_s: float = 60.0,
        own_network: bool = True,
        restart_after: int = 300,
    ) -> None:
        self._soffice = find_program("soffice", "libreoffice", package="libreoffice-writer-nogui")
        self._python = _find_bridge()
        self._fontconfig = fontconfig_text(font_folders, font_chains)
        self._timeout_s = timeout_s
        self._network = "own" if own_network else "shared"
        self.offline: bool | None = None
        self._restart_after = restart_after
        self._own: OwnFolder | None = None
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = b""
        self._converted = 0

    def __enter__(self) -> LibreOffice:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def process_id(self) -> int | None:
        """Process id of the running worker, which is also its process group; None while none runs."""
        return self._process.pid if self._process else None

    def convert(self, docx: bytes) -> bytes:
        """Lay out a DOCX and return it as tagged PDF/A-3b (ISO 19005-3) with bookmarks as named destinations.

        An office that hangs or dies is ended and started anew, and the document is tried once more.

        Raises:
            ConversionError: The document cannot be laid out, or the office failed twice on it.
        """
        if self._converted >= self._restart_after:
            self.close()
        failure: object = None
        for _attempt in range(2):
            try:
                return self._convert_once(docx)
            except _OfficeDied as exc:
                failure = exc
                self.close()
            except BaseException:
                self.close()
                raise
        raise ConversionError(
            message("conversion.libreoffice-on-same-document-twice", failure=failure),
            hint=message("conversion.open-template-libreoffice-longer-time-limit"),
        )

    def close(self) -> None:
        """End the office and remove its profile; the next document starts another one."""
        process, self._process = self._process, None
        own, self._own, self._folder = self._own, None, None
        self._answers, self._converted = b"", 0
        if process is not None:
            _end(process)
        if own is not None:
            own.close()

    def _convert_once(self, docx: bytes) -> bytes:
        folder = self._start()
        source, target = folder / "in.docx", folder / "out.pdf"
        target.unlink(missing_ok=True)
        source.write_bytes(docx)
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(f"{source.name}\t{target.name}\n".encode())
            process.stdin.flush()
        except OSError as exc:
            raise _OfficeDied(message("conversion.ended")) from exc
        answer = self._answer(self._timeout_s)
        if answer.startswith("error"):
            if process.poll() is not None or "Dispose" in answer or "RuntimeException" in answer:
                raise _OfficeDied(message("conversion.ended"))
            raise ConversionError(
                message(
                    "conversion.libreoffice-cannot-convert-document",
                    detail=ForeignDetail(answer.removeprefix("error ")),
                )
            )
        if answer != "ok" or not target.is_file():
            raise _OfficeDied(message("conversion.wrote-no-pdf"))
        self._converted += 1
        return target.read_bytes()

    def _start(self) -> Path:
        if self._process is not None and self._folder is not None and self._process.poll() is None:
            return self._folder
        self.close()
        self._own = OwnFolder(Path(tempfile.gettempdir()), "office")
        self._folder = folder = self._own.path
        fontconfig = folder / "fonts.conf"
        fontconfig.write_text(self._fontconfig, encoding="utf-8")
        write_profile(folder / "profile")
        self._process = subprocess.Popen(
            [str(self._python), "-I", str(_WORKER), str(folder), str(self._soffice), self._network],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(fontconfig),
            start_new_session=True,
        )
        answer = self._answer(_START_S)
        if answer not in ("ready", "ready offline"):
            raise _OfficeDied(message("conversion.did-not-start"))
        self.offline = answer == "ready offline"
        return folder

    def _answer(self, limit_s: float) -> str:
        """Read one line of the worker's standard output, for at most `limit_s`."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        handle = process.stdout.fileno()
        while b"\n" not in self._answers:
            ready, _, _ = select.select([handle], [], [], limit_s)
            if not ready:
                raise _OfficeDied(message("conversion.did-not-finish-within-s", limit_s=limit_s))
            block = os.read(handle, 65536)
            if not block:
                raise _OfficeDied(message("conversion.ended"))
            self._answers += block
        line, _, self._answers = self._answers.partition(b"\n")
        return line.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the worker end its office by closing its input; end the group by force if that takes too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def fontconfig_text(font_folders: Sequence[Path], font_chains: FontChains) -> str:
    """Return a fontconfig configuration with only these folders and each font name's stand-ins in order."""
    cache = _font_cache()
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">',
        "<fontconfig>",
    ]
    lines += [f"<dir>{escape(str(folder))}</dir>" for folder in font_folders]
    lines.append(f"<cachedir>{escape(str(cache))}</cachedir>")
    for name, families in font_chains:
        others = "".join(f"<family>{escape(family)}</family>" for family in families if family != name)
        accepted = f"<accept>{others}</accept>" if others else ""
        lines.append(f'<alias binding="same"><family>{escape(name)}</family>{accepted}</alias>')
    lines.append("</fontconfig>")
    return "\n".join(lines) + "\n"


def _font_cache() -> Path:
    """Return a folder for fontconfig's cache that nobody else could have prepared."""
    folder = shared_temporary_folder() / f"agreegen-fontconfig-{os.getuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
            folder.chmod(0o700)
            return folder
    return Path(tempfile.gettempdir()) / "fontconfig"


def _environment(fontconfig: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    # One locale everywhere, so that the same document gives the same page.
    return {**kept, "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp", "FONTCONFIG_FILE": str(fontconfig)}


_found_bridges: list[Path] = []


def _find_bridge() -> Path:
    """Return a Python interpreter that can import `uno`, the bridge to LibreOffice."""
    if _found_bridges:
        return _found_bridges[0]
    for name in ("/usr/bin/python3", sys.executable, shutil.which("python3") or ""):
        if name and Path(name).is_file():
            tried = run_program([name, "-I", "-c", "import uno"], timeout_s=60)
            if tried.status == 0:
                _found_bridges.append(Path(name))
                return _found_bridges[0]
    raise MissingProgramError(
        message("conversion.no-python-on-machine-can-speak"),
        hint=message("conversion.install-debian-package-python3-uno"),
    )
