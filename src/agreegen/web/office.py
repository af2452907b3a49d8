"""One office at work: its home, its settings, its stores. Every request gets it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.api import UploadVerifier
from agreegen.clock import read_clock
from agreegen.web.home import Home
from agreegen.web.security.audit_key import AuditKey
from agreegen.web.settings import Settings
from agreegen.web.store.agreements import Agreements
from agreegen.web.store.attempts import Attempts
from agreegen.web.store.audit import Act, Audit
from agreegen.web.store.batches import Batches
from agreegen.web.store.database import Database
from agreegen.web.store.decisions import PageDecisions
from agreegen.web.store.open_acts import OpenActs
from agreegen.web.store.sessions import SessionRules, Sessions
from agreegen.web.store.signings import Signings
from agreegen.web.store.users import Users
from agreegen.web.work.archive.destruction import APPROVING, drop_copies
from agreegen.web.work.background_answers import Behind
from agreegen.web.work.commands.long_acts import LongActs
from agreegen.web.work.coverage_view import CoverageView, coverage_views
from agreegen.web.work.pictures import Pictures
from agreegen.web.work.rosters import RosterView, roster_views
from agreegen.web.work.shelf import Shelf

Clock = Callable[[], datetime]


def cores() -> int:
    """Return how many processors this machine has."""
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Office:
    """One office at work.

    Attributes:
        home: Its folder.
        settings: What the administrator chose.
        secure: Whether it is reached by HTTPS only, so that cookies are marked so.
        clock: Gives aware UTC time; read once an operation.
        database: Its database, for further stores.
        users: Its accounts.
        sessions: Who is logged in.
        attempts: What failed.
        audit: What was done.
        long_acts: What was done by commands, until it has ended.
        audit_key: Signs the audit's heads.
        secret: Under which request tokens are made.
        batches: Its batches.
        signings: Acts of signing on devices.
        agreements: Its agreements.
        decisions: What was decided on scanned pages and is not recorded yet.
        pictures: Pages of its documents as pictures.
        coverage: Who has signed, of its batches.
        rosters: The rosters of its batches, with what is wrong in them.
        shelf: Pictures that pages have just been given.
        verifier: Judges uploads.
        ending: Set once the server is asked to end: what answers without end then ends.
    """

    home: Home
    settings: Settings
    secure: bool
    clock: Clock
    database: Database
    users: Users
    sessions: Sessions
    attempts: Attempts
    audit: Audit
    long_acts: LongActs
    audit_key: AuditKey
    secret: bytes
    batches: Batches
    signings: Signings
    agreements: Agreements
    decisions: PageDecisions
    pictures: Pictures = field(default_factory=Pictures)
    coverage: Behind[CoverageView] = field(default_factory=coverage_views)
    rosters: Behind[RosterView] = field(default_factory=roster_views)
    shelf: Shelf = field(default_factory=Shelf)
    verifier: UploadVerifier = field(default_factory=lambda: UploadVerifier(cores()))
    ending: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, folder: Path, *, secure: bool = False, clock: Clock = read_clock) -> Office:
        """Open the office of a home folder; an empty folder becomes one.

        Args:
            folder: The home folder.
            secure: Whether it is reached by HTTPS only.
            clock: Gives aware UTC time.

        Raises:
            UsageError: The folder is something else.
            InputError: `office.yaml` is wrong.
            RegisterError: The database is damaged or newer.
        """
        home = Home.open(folder)
        settings = Settings.read(home.settings_file)
        database = Database(home.database)
        audit = Audit(database, now=clock())
        return cls(
            home=home,
            settings=settings,
            secure=secure,
            clock=clock,
            database=database,
            users=Users(database),
            sessions=Sessions(database, SessionRules(idle=settings.idle)),
            attempts=Attempts(database),
            audit=audit,
            long_acts=LongActs(home.folder, OpenActs(database, audit), clock, {APPROVING: drop_copies}),
            audit_key=AuditKey.of_home(home.folder),
            secret=database.secret("request-tokens"),
            batches=Batches(database),
            signings=Signings(database),
            agreements=Agreements(database),
            decisions=PageDecisions(database),
        )

    def record(self, act: Act) -> None:
        """Put an act on the audit's chain, now."""
        self.audit.record(act, now=self.clock())

    def sign_audit(self) -> None:
        """Sign the end of the audit, daily and at shutdown."""
        self.audit.sign_head(self.audit_key, now=self.clock())
