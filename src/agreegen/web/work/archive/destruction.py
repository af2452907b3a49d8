"""Destroying a bag in the browser: one account proposes it, another one approves; a third person watches."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agreegen.api import LedgerAccess, ledger_credential, register_signer
from agreegen.errors import AgreegenError
from agreegen.files import write_atomically
from agreegen.web.home import Home
from agreegen.web.work.archive.bag_folders import DESTROYED, Bag, Options
from agreegen.web.work.batch_folder import printed_object
from agreegen.web.work.commands.children import ChildState

_OWNER_ONLY = 0o600
_COMPLETION = "completion.json"
_COPIES = "copies.json"
APPROVING = "destruction-approve"
"""The act by which a bag is destroyed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a bag be destroyed.

    Attributes:
        by: Who proposes it and does it (清点人).
        by_account: The account.
        approver: Who is to approve it (审批人).
        approver_account: The account, which alone can.
        witness: Who watches (监销人).
        reason: Why.
        early: Whether before its period of retention is over.
    """

    by: str
    by_account: str
    approver: str
    approver_account: str
    witness: str
    reason: str
    early: bool

    @property
    def three_people(self) -> bool:
        """Whether all of them have a name, and none is another one."""
        names = [" ".join(name.split()).casefold() for name in (self.by, self.approver, self.witness)]
        return all(names) and len(set(names)) == len(names) and self.by_account != self.approver_account


def proposal_of(bag: Bag) -> Proposal | None:
    """Return what is proposed about a bag."""
    try:
        return Proposal(**json.loads(_file(bag).read_bytes()))
    except FileNotFoundError:
        return None


def keep_proposal(bag: Bag, proposal: Proposal) -> None:
    """Keep a proposal in the place of an earlier one."""
    bag.notes.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = json.dumps(asdict(proposal), ensure_ascii=False).encode()
    write_atomically(_file(bag), data, mode=_OWNER_ONLY)


def withdraw(bag: Bag) -> None:
    """Forget a proposal."""
    _file(bag).unlink(missing_ok=True)


def _file(bag: Bag) -> Path:
    return bag.notes / "destruction.json"


def is_begun(bag: Bag) -> bool:
    """Tell whether a destruction was begun and has not come to its end: it can only be gone on with."""
    folder = bag.beside(DESTROYED)
    return folder.is_dir() and not (folder / _COMPLETION).is_file()


def note_copies(bag: Bag) -> None:
    """Note from what else a bag could be brought back; that goes when the bag has gone, and not before."""
    names = [os.path.relpath(folder, bag.notes) for folder in bag.copies]
    write_atomically(bag.notes / _COPIES, json.dumps(names).encode(), mode=_OWNER_ONLY)


def drop_copies(notes: Path) -> None:
    """Remove what was noted as a copy of the bag with these notes."""
    try:
        names = json.loads((notes / _COPIES).read_bytes())
    except FileNotFoundError:
        return
    for name in names:
        shutil.rmtree(notes / name, ignore_errors=True)


def signers_beside(bag: Bag, home: Home) -> tuple[Path, ...]:
    """Return the credentials that record a destruction: those that sign the register and the ledger."""
    finding: list[Callable[[], Path | None]] = []
    if bag.place.register is not None:
        finding.append(partial(register_signer, bag.place.register))
    if home.ledger.is_file():
        finding.append(partial(ledger_credential, LedgerAccess(home.ledger, None, "")))
    found = []
    for find in finding:
        with contextlib.suppress(AgreegenError):  # the command says what is wrong
            found.append(find())
    return tuple(path for path in found if path is not None)


def plan_of(bag: Bag) -> Mapping[str, Any] | None:
    """Return what the dry run of the proposal says; None while there is no whole answer."""
    child = bag.child("plan")
    return printed_object(child) if child.state is ChildState.ENDED and child.exit_code == 0 else None


def destroy_command(bag: Bag, proposal: Proposal, options: Options) -> list[str]:
    """Return the dry run of a proposal; with a code and a credential it is done.

    The register that keeps the bag's documents goes with it, and the office's ledger, where there is one.
    """
    register, ledger = bag.place.register, options.home.ledger
    told = [] if register is None else [options.file("register", register)]
    told += [options.file("ledger", ledger)] if ledger.is_file() else []
    names = {
        "approved-by": proposal.approver,
        "witness": proposal.witness,
        "reason": proposal.reason,
        "by": proposal.by,
    }
    early = ["--before-due"] if proposal.early else []
    return [
        *("archive", "destroy", bag.argument, "--json"),
        *(f"--{name}={text}" for name, text in names.items()),
        *told,
        *early,
    ]
