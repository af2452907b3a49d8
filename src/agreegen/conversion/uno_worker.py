"""Runs inside the interpreter that LibreOffice's `uno` module belongs to; imports nothing of agreegen.

Started as `python uno_worker.py FOLDER SOFFICE own|shared`, as the leader of a process group of its own. It
leaves the machine's network, where the kernel lets it, starts one office with its profile in FOLDER, prints
`ready` or `ready offline`, then reads one line a document from standard input: `INPUT-NAME TAB OUTPUT-NAME`,
names inside FOLDER, and answers `ok` or `error TEXT`. When standard input closes it ends the office, removes
FOLDER and exits; it does so by force when the parent process was killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found,unused-ignore]
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found,unused-ignore]

_START_LIMIT_S = 60.0
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_EXPORT = {
    "SelectPdfVersion": 3,  # PDF/A-3b, ISO 19005-3
    "UseTaggedPDF": True,
    "ExportBookmarksToPDFDestination": True,
    "ExportBookmarks": True,
    "UseLosslessCompression": True,
    "ReduceImageResolution": False,
    "ExportFormFields": False,
    "ExportNotes": False,
}


def leave_network() -> bool:
    """Give this process and all its children an empty network of their own; tell whether that worked.

    A template decides what an office opens: a linked picture would be fetched from wherever it says. Root
    needs no more than the network; others first become the only user of a name space of their own. The
    kernels of some containers allow neither; then the profile alone keeps the office from asking.
    """
    user, group = os.getuid(), os.getgid()
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_CLONE_NEWNET) == 0:
        return True
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):
            Path(f"/proc/self/{name}").write_text(text)
    return True


def _property(name: str, value: Any) -> Any:
    item = PropertyValue()
    item.Name, item.Value = name, value
    return item


def _start_office(folder: Path, soffice: str, pipe: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            soffice,
            "--headless",
            "--invisible",
            "--nologo",
            "--nodefault",
            "--norestore",
            "--nolockcheck",
            "--nofirststartwizard",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _connect(office: subprocess.Popen[bytes], pipe: str) -> Any:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    address = f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            context = resolver.resolve(address)
        except Exception:
            if office.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
            continue
        return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def _convert(desktop: Any, source: Path, target: Path) -> None:
    options = (_property("Hidden", True), _property("ReadOnly", True), _property("MacroExecutionMode", 0))
    document = desktop.loadComponentFromURL(source.as_uri(), "_blank", 0, options)
    if document is None:
        raise RuntimeError("LibreOffice cannot read the document")
    try:
        details = tuple(_property(name, value) for name, value in _EXPORT.items())
        data = uno.Any("[]com.sun.star.beans.PropertyValue", details)
        document.storeToURL(
            target.as_uri(), (_property("FilterName", "writer_pdf_Export"), _property("FilterData", data))
        )
    finally:
        document.close(True)


def _serve(desktop: Any, folder: Path) -> None:
    for line in sys.stdin:
        source, _, target = line.rstrip("\n").partition("\t")
        try:
            _convert(desktop, folder / source, folder / target)
        except Exception as exc:
            print("error", " ".join(f"{type(exc).__name__}: {exc}".split())[:500], flush=True)
        else:
            print("ok", flush=True)


def _end(office: subprocess.Popen[bytes], folder: Path, desktop: Any) -> None:
    if desktop is not None:
        with contextlib.suppress(Exception):
            desktop.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        office.wait(3)
    _leave(folder)


def _watch_parent(parent: int, folder: Path) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    _leave(folder)


_leaving = threading.Lock()


def _leave(folder: Path) -> None:
    """End the office by force, remove the folder and end this process, whichever thread comes first.

    Not before the office has ended: what still writes into the folder keeps it from being removed.
    """
    with _leaving:
        leads = os.getpgrp() == os.getpid()
        deadline = time.monotonic() + 10
        while True:
            if leads:
                _kill_others_of_the_group()
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists() or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if leads:
            os.killpg(0, signal.SIGKILL)


def _kill_others_of_the_group() -> None:
    own = os.getpid()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != own:
            with contextlib.suppress(OSError):
                if os.getpgid(int(entry.name)) == own:
                    os.kill(int(entry.name), signal.SIGKILL)


def main() -> None:
    """Start the office, serve until standard input closes, clean up."""
    folder, soffice, network = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    offline = network == "own" and leave_network()  # before there is a second thread
    threading.Thread(target=_watch_parent, args=(os.getppid(), folder), daemon=True).start()
    pipe = f"agreegen-{os.getpid()}-{time.monotonic_ns():x}"
    office = _start_office(folder, soffice, pipe)
    desktop = None
    try:
        desktop = _connect(office, pipe)
        print("ready offline" if offline else "ready", flush=True)
        _serve(desktop, folder)
    finally:
        _end(office, folder, desktop)


if __name__ == "__main__":
    main()
