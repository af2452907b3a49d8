"""The demonstration: the whole main job on sample data, with throw-away keys and loopback services."""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml

from agreegen.archive.create import create_bag
from agreegen.archive.interface import BagRequest
from agreegen.archive.verify import verify_bag
from agreegen.batch.interface import RunEvent, RunSettings
from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.register_signers import recorder_for_bag
from agreegen.batch.planning.document_paths import DOCUMENTS
from agreegen.batch.running.run import run_job
from agreegen.demo.paper import sign_on_paper
from agreegen.errors import InputError, MissingProgramError, UsageError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.files import write_atomically
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.own_fonts import with_own_fonts
from agreegen.messages import Message, join_sentences, message, reader_language
from agreegen.model.document import build_document
from agreegen.model.report import PadesLevel, Report
from agreegen.packaged_data import samples_folder
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.read_back import Expected
from agreegen.pipeline.signing import sign_and_check
from agreegen.reports.verification.html import render_html
from agreegen.reports.verification.wording import count_headlines
from agreegen.rosters.parameters import read_parameters
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest, TimestampServer, Trust
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.service import verify_paths
from agreegen.yaml_text import packaged_words

MARKER = ".agreegen-demo"
"""A folder that holds this file was made by the demo and may be replaced by it."""

AGREEMENTS = ("confidentiality-agreement", "data-use-agreement")
"""The forms that two parties sign; each has a parameter file of its name among the samples."""

_SAMPLE_ROWS = 24
_JOB_NAME = "pledges.yaml"
_WORDS = packaged_words("agreegen.demo")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the demonstration's summary.

    Attributes:
        name: What was done.
        result: What came of it.
        seconds: Wall time.
    """

    name: Message
    result: Message | None
    seconds: float


@dataclass(slots=True)
class Demo:
    """One run of the demonstration.

    Args:
        folder: Where everything goes.
        count: Number of pledges; above 24 the roster is filled up with invented people.
        clock: Gives aware UTC time.
        tell: Says what is going on.
        events: Hears what the batch does.
    """

    folder: Path
    count: int
    clock: Callable[[], datetime]
    tell: Callable[[Message], None]
    events: Callable[[RunEvent], None]
    steps: list[Step] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)

    def run(self) -> Report:
        """Make keys, pledges, agreements, bag and report; return the verdicts on all documents."""
        pki = self._make_keys()
        with self._services(pki) as tsa:
            self._make_pledges(tsa)
            self._sign_on_paper()
            self._make_agreements(tsa)
            self._archive(tsa)
        return self._verify()

    def _make_keys(self) -> ExamplePki:
        with self._step("keys") as say:
            pki = make_example_pki(self.folder, now=self.clock(), port=free_port())
            write_atomically(self.folder / MARKER, b"made by agreegen demo; safe to delete\n")
            say(message("demo.root-ca-two-parties-archive-twelve"))
        return pki

    @contextmanager
    def _services(self, pki: ExamplePki) -> Iterator[str | None]:
        try:
            responder = Responder(pki.folder)
        except MissingProgramError as exc:
            self.notes.append(message("demo.no-loopback-timestamp-service-signatures-b", exc=exc))
            yield None
            return
        with responder:
            yield responder.tsa_url

    def _make_pledges(self, tsa: str | None) -> None:
        with self._step("pledges") as say:
            job = write_sample_job(self.folder, self.count, tsa)
            summary = run_job(read_job(job), RunSettings(limit=self.count), events=self.events)
            if summary.failed:
                raise InputError(
                    message("demo.rows-failed-see", failed=summary.failed, folder=self.folder / "pledges")
                )
            say(
                message(
                    "demo.made-not-signed-their-persons-yet", done=summary.done, left_open=summary.left_open
                )
            )

    def _sign_on_paper(self) -> None:
        with self._step("paper") as say:
            job = read_job(self.folder / _JOB_NAME)
            say(sign_on_paper(job, self.folder / "paper", now=self.clock()).told())

    def _make_agreements(self, tsa: str | None) -> None:
        for form_id in AGREEMENTS:
            with self._step(form_id) as say:
                try:
                    level = self._make_agreement(form_id, tsa)
                except MissingProgramError as exc:
                    self.notes.append(message("demo.was-not-made", form_id=form_id, exc=exc))
                    say(message("demo.not-made-libreoffice-missing"))
                    continue
                say(message("demo.signed-both-parties", level=level))

    def _make_agreement(self, form_id: str, tsa: str | None) -> PadesLevel:
        form = with_own_fonts(find_form(form_id, forms_folder()), None, Path())
        values = read_parameters(samples_folder() / f"{form_id}.yaml", form)
        document = build_document(form, values, register_secret=secrets.token_bytes(32))
        with DocumentMaker(form) as maker:
            made = maker.make(document)
        data, level = made.pdf, PadesLevel.B_B
        trust = load_trust([self.folder / "trust"])
        for role in form.required_roles:
            last = role is form.required_roles[-1]
            wanted = PadesLevel.B_B if tsa is None else PadesLevel.B_LTA if last else PadesLevel.B_T
            request = SigningRequest(
                role=role.id,
                level=wanted,
                now=self.clock(),
                trust=trust,
                tsa=() if tsa is None else (TimestampServer(tsa),),
                reason=_WORDS["reason"],
                location=_WORDS["location"],
            )
            own = self.folder / "credentials" / f"{role.id.replace('_', '-')}.yaml"
            with load_credential(own) as credential:
                signed = sign_and_check(
                    data,
                    credential,
                    request,
                    forms=form.directory.parent,
                    expected=Expected(form, made.document),
                )
            data, level = signed.pdf.data, signed.pdf.level
        write_atomically(self.folder / "agreements" / f"{form_id}.pdf", data)
        return level

    def _archive(self, tsa: str | None) -> None:
        with self._step("archive") as say:
            trust = load_trust([self.folder / "trust"])
            servers = () if tsa is None else (TimestampServer(tsa),)
            results: list[Message] = []
            with load_credential(self.folder / "credentials" / "archive-seal.yaml") as credential:
                for name in ("pledges", "agreements"):
                    if not (self.folder / name).is_dir():
                        continue
                    bag = self.folder / "archive" / name
                    source, now = self.folder / name, self.clock()
                    with recorder_for_bag(source, credential, now=now) as recorder:
                        request = BagRequest(source, bag, credential, now, trust=trust, tsa=servers)
                        create_bag(request, recorder=recorder)
                    options = self._options(trust)
                    valid = verify_bag(bag, options).valid
                    results.append(message("demo.bag-valid" if valid else "demo.bag-not-valid", name=name))
            say(message("demo.results", results=results))

    def _verify(self) -> Report:
        with self._step("verify") as say:
            trust = load_trust([self.folder / "trust"])
            options = self._options(trust)
            folders = (self.folder / "pledges" / DOCUMENTS, self.folder / "agreements")
            targets = [folder for folder in folders if folder.is_dir()]
            report = Report(tuple(verify_paths(targets, options, jobs=2)))
            write_atomically(
                self.folder / "report.html", render_html(report, options, lang=reader_language()).encode()
            )
            counts = count_headlines(report.files, reader_language())
            counted = [message("demo.count", count=n, word=word.lower()) for (_, word), n in counts.items()]
            say(message("demo.results", results=counted))
        return report

    def _options(self, trust: Trust) -> Options:
        return Options(now=self.clock(), anchors_der=trust.anchors_der, crls_der=trust.crls_der)

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[Message], None]]:
        step = message(f"demo.step.{name}")
        self.tell(message("demo.begins", step=step))
        started = self.clock()
        results: list[Message] = []
        yield results.append
        seconds = (self.clock() - started).total_seconds()
        self.steps.append(Step(step, join_sentences(results), seconds))


def prepare_folder(folder: Path, *, force: bool) -> None:
    """Make an empty folder for the demonstration.

    Raises:
        UsageError: There is something in it that the demonstration did not make, or `force` is false.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        ours = folder.is_dir() and (folder / MARKER).is_file()
        if not force or not ours:
            hint = message("demo.add-force-make-again") if ours else message("demo.choose-another-folder")
            state = message("demo.not-empty") if folder.is_dir() else message("demo.file-folder-needed")
            raise UsageError(message("demo.text", folder=folder, state=state), hint=hint)
        shutil.rmtree(folder)


def write_sample_job(folder: Path, count: int, tsa: str | None) -> Path:
    """Write roster and job file of the demonstration; return the job file."""
    if count <= _SAMPLE_ROWS:
        roster = folder / "enumerators.xlsx"
        shutil.copyfile(samples_folder() / "enumerators.xlsx", roster)
    else:
        roster = folder / "enumerators.csv"
        write_atomically(roster, invented_roster(count).encode("utf-8-sig"))
    level = "B-B" if tsa is None else "B-T"
    job: dict[str, object] = {
        "form": "personal-pledge",
        "roster": {"file": roster.name},
        "defaults": {"pledge_date": "2018-05-10"},
        "output": "pledges",
        "signatures": [
            {"role": "unit", "credential": "credentials/unit-seal.yaml", "level": level},
            {
                "role": "pledger",
                "credential": "credentials/people/{staff_no}.yaml",
                "missing": "leave-open",
                "level": level,
            },
        ],
        "trust": ["trust"],
        "name": "{staff_no}",
    }
    if tsa is not None:
        job["tsa"] = tsa
    path = folder / _JOB_NAME
    write_atomically(path, yaml.safe_dump(job, allow_unicode=True, sort_keys=False).encode())
    return path


def invented_roster(count: int) -> str:
    """Return a CSV roster of invented people: the twelve with example keys are not among them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_WORDS["columns"])
    surnames, names = _WORDS["surnames"], _WORDS["given"]
    for number in range(1, count + 1):
        surname = surnames[number % len(surnames)]
        given = names[(number // len(surnames)) % len(names)]
        writer.writerow((f"DEMO{number:07d}", surname + given, _WORDS["unit"], _WORDS["position"]))
    return text.getvalue()
