"""Reading a job file: strict, with every error at once, paths relative to the file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from agreegen.batch.interface import Job, JobArchive, JobSignature, Missing, RosterSource
from agreegen.batch.job.form_release import choose_release
from agreegen.batch.job.job_seams import read_job_seams, seam_patterns
from agreegen.batch.job.patterns import is_personal, pattern_problems
from agreegen.errors import AgreegenError, InputError
from agreegen.files import read_limited, sha256_of
from agreegen.forms import catalog
from agreegen.forms.own_fonts import with_own_fonts
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint, ComplaintsError, Location
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.model.retention import Retention
from agreegen.model.role_names import RoleChoice
from agreegen.yaml_text import MAX_BYTES, YamlText, packaged_words, read_yaml_text

_KEYS = (
    "form",
    "roster",
    "defaults",
    "output",
    "signatures",
    "tsa",
    "timestamp_requests_per_minute",
    "trust",
    "archive",
    "name",
    "aliases",
    "omit_clauses",
    "relax_order",
    "register_credential",
    "fonts",
    "seam",
)
_WORDS = packaged_words("agreegen.batch.job")
_YES_NO = dict.fromkeys(_WORDS["yes"], True) | dict.fromkeys(_WORDS["no"], False)
_DEFAULT_BAG = 10_000
_ARCHIVE_KEYS = ("bags", "documents_per_bag", "credential", "omit_ids", "retention_years")
_NOT_IN_PATHS = frozenset("/\\\0")


def read_job(path: Path, *, forms_folder: Path | None = None) -> Job:
    """Read a job file.

    Args:
        path: The job file (YAML).
        forms_folder: Folder of forms; else `AGREEGEN_FORMS`, else the packaged forms.

    Raises:
        ComplaintsError: Anything in it cannot be used; carries every complaint.
        InputError: It cannot be read, is not YAML, or names an unknown form.
    """
    try:
        data = read_limited(path, MAX_BYTES)
    except OSError as exc:
        raise InputError(
            message("batch.cannot-read", path=path, exc=exc), hint=message("batch.check-path-job-file")
        ) from exc
    raw = read_yaml_text(data, path)
    if not isinstance(raw, dict):
        raise InputError(
            message("batch.not-job-file", path=path), hint=message("batch.job-file-begins-form-see-docs")
        )
    return _Reader(path, raw, forms_folder).read(sha256_of(data))


class _Reader:
    """Reads one job file and collects the complaints."""

    def __init__(self, path: Path, raw: dict[str, YamlText], forms: Path | None) -> None:
        self.path = path
        self.folder = path.resolve().parent
        self.raw = raw
        self.forms = catalog.forms_folder(forms)
        self.complaints: list[Complaint] = []

    def read(self, sha256: str) -> Job:
        self._only(self.raw, _KEYS, "")
        output = self._path("output", required=True)
        named, (form, note) = self._form(output)
        roster = self._roster(form)
        signatures = self._signatures(form)
        seam_files = self._seam_files(form)
        job = Job(
            path=self.path,
            form=form,
            forms_folder=self.forms,
            roster=roster,
            output=output,
            defaults=self._texts(self.raw.get("defaults", {}), "defaults", set(_field_names(form))),
            signatures=signatures,
            tsa=self._tsa(),
            timestamp_requests_per_minute=self._number("timestamp_requests_per_minute"),
            trust=tuple(self.folder / text for text in self._list("trust")),
            archive=self._archive(),
            name=self._name(form),
            aliases=self._texts(self.raw.get("aliases", {}), "aliases", None),
            omit_clauses=self._omit_clauses(form),
            relax_order=self._yes_no(self.raw, "relax_order", "relax_order"),
            register_credential=self._path("register_credential")
            if "register_credential" in self.raw
            else None,
            seams=read_job_seams(seam_files, form, signatures, self._complain),
            seam_files=seam_files if any(map(is_personal, seam_files.values())) else {},
            names_release="@" in named,
            notes=() if note is None else (note,),
            sha256=sha256,
        )
        self._check_timestamps(job)
        if self.complaints:
            raise ComplaintsError(
                message("batch.job-file-cannot-used", path=self.path),
                self.complaints,
                hint=message("batch.docs-batch-md-explains-every-key"),
            )
        return job

    def _complain(self, key: str, problem: Message, remedy: Message | None = None) -> None:
        self.complaints.append(Complaint(Location(file=str(self.path), field=key), problem, remedy))

    def _only(self, raw: dict[str, YamlText], known: tuple[str, ...], prefix: str) -> None:
        for key in raw:
            if key not in known:
                self._complain(
                    f"{prefix}{key}",
                    message("batch.unknown-key"),
                    message("batch.known", value=tuple(known)),
                )

    def _form(self, output: Path) -> tuple[str, tuple[Form, Message | None]]:
        form_id = self.raw.get("form")
        if not isinstance(form_id, str) or not form_id:
            raise InputError(
                message("batch.no-form-named", path=self.path),
                hint=message("batch.add-e-g-form-personal-pledge"),
            )
        try:
            form, note = choose_release(form_id, self.forms, output / "register.db")
            return form_id, (with_own_fonts(form, self.raw.get("fonts"), self.folder), note)
        except AgreegenError as exc:
            raise InputError(
                message("model.place-and-problem", place=self.path, problem=exc), hint=exc.advice
            ) from exc

    def _roster(self, form: Form) -> RosterSource:
        raw = self.raw.get("roster")
        if isinstance(raw, str):
            raw = {"file": raw}
        if not isinstance(raw, dict) or not isinstance(raw.get("file"), str) or not raw["file"]:
            self._complain(
                "roster", message("batch.no-roster-named"), message("batch.write-roster-file-people-xlsx")
            )
            return RosterSource(self.folder)
        self._only(raw, ("file", "sheet", "columns"), "roster.")
        file = self.folder / str(raw["file"])
        if not file.is_file():
            self._complain(
                "roster.file",
                message("batch.no-file", file=file),
                message("batch.check-path-relative-job-file"),
            )
        sheet = raw.get("sheet")
        if sheet is not None and (not isinstance(sheet, str) or not sheet.strip()):
            self._complain(
                "roster.sheet", message("batch.not-sheet"), message("batch.give-number-from-1-or-name")
            )
            sheet = None
        columns = self._texts(raw.get("columns", {}), "roster.columns", set(_field_names(form)))
        number = isinstance(sheet, str) and sheet.isascii() and sheet.isdigit()
        return RosterSource(file, int(str(sheet)) if number else sheet, columns)

    def _path(self, key: str, *, required: bool = False) -> Path:
        value = self.raw.get(key)
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return self.folder / value
        if required or value is not None:
            example = "out/pledges" if key == "output" else "credentials/unit-seal.yaml"
            self._complain(
                key, message("batch.path-expected"), message("batch.write", key=key, example=example)
            )
        return self.folder

    def _texts(self, raw: YamlText, key: str, known: set[str] | None) -> dict[str, str]:
        if not isinstance(raw, dict):
            self._complain(key, message("batch.mapping-expected"), message("batch.write-name-value", key=key))
            return {}
        found: dict[str, str] = {}
        for name, value in raw.items():
            if known is not None and name not in known:
                self._complain(
                    f"{key}.{name}",
                    message("batch.form-has-no-such-field"),
                    message("batch.it-has", value=tuple(sorted(known))),
                )
            elif not isinstance(value, str):
                self._complain(f"{key}.{name}", message("batch.text-expected"))
            else:
                found[name] = value
        return found

    def _list(self, key: str) -> list[str]:
        raw = self.raw.get(key, [])
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
            self._complain(key, message("batch.list-texts-expected"), message("batch.write-one-two", key=key))
            return []
        return [str(item) for item in items]

    def _number(self, key: str) -> int | None:
        raw = self.raw.get(key)
        if raw is None:
            return None
        if not isinstance(raw, str) or not raw.isascii() or not raw.isdigit() or int(raw) < 1:
            self._complain(key, message("batch.whole-number-above-0-expected"))
            return None
        return int(raw)

    def _tsa(self) -> tuple[str, ...]:
        urls = self._list("tsa")
        found: list[str] = []
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme in {"http", "https"} and parts.netloc:
                found.append(url)
            elif parts.scheme or not (self.folder / url).is_file():
                self._complain(
                    "tsa",
                    message("batch.neither-http-s-address-nor-file", url=url),
                    message("batch.write-tsa-https-tsa-example"),
                )
            else:
                found.append(str(self.folder / url))
        return tuple(found)

    def _signatures(self, form: Form) -> tuple[JobSignature, ...]:
        raw = self.raw.get("signatures")
        if not isinstance(raw, list):
            self._complain(
                "signatures", message("batch.list-expected"), message("batch.write-signatures-sign-nothing")
            )
            return ()
        found: list[JobSignature] = []
        for index, item in enumerate(raw):
            key = f"signatures[{index + 1}]"
            signature = self._signature(item, key, form) if isinstance(item, dict) else None
            if not isinstance(item, dict):
                self._complain(
                    key, message("batch.mapping-expected"), message("batch.write-role-credential-level-b-b")
                )
            if signature is not None and any(signature.role == other.role for other in found):
                self._complain(f"{key}.role", message("batch.signs-twice", role=form.role(signature.role)))
            elif signature is not None:
                found.append(signature)
        order = {role.id: role.order for role in form.roles}
        return tuple(sorted(found, key=lambda signature: order[signature.role]))

    def _signature(self, raw: dict[str, YamlText], key: str, form: Form) -> JobSignature | None:
        self._only(raw, ("role", "credential", "level", "missing", "reason", "location"), f"{key}.")
        count = len(self.complaints)

        def text(name: str, default: str) -> str:
            return self._text(raw, name, f"{key}.{name}", default)

        role, credential = text("role", ""), text("credential", "")
        level, missing = text("level", "B-B"), text("missing", "fail")
        known = [item.id for item in form.roles]
        if role not in known:
            self._complain(
                f"{key}.role",
                message("batch.has-no-role", id=form.id, role=role),
                message("batch.it-has", value=tuple(map(RoleChoice, form.roles))),
            )
        self._check_pattern(credential, f"{key}.credential", form)
        if level not in {"B-B", "B-T", "B-LT", "B-LTA"}:
            self._complain(
                f"{key}.level", message("batch.unknown-level", level=level), message("batch.b-b-b-t-b-lt")
            )
        if missing not in set(Missing):
            self._complain(
                f"{key}.missing",
                message("batch.unknown-choice", missing=missing),
                message("batch.fail-or-leave-open"),
            )
        if len(self.complaints) > count:
            return None
        reason, location = text("reason", "") or None, text("location", "") or None
        path = credential
        if not Path(credential).is_absolute():
            path = str(self.folder).replace("{", "{{").replace("}", "}}") + "/" + credential
        return JobSignature(role, path, PadesLevel(level), Missing(missing), reason, location)

    def _text(self, raw: dict[str, YamlText], name: str, key: str, default: str) -> str:
        value = raw.get(name, default)
        if not isinstance(value, str) or (not value and name in {"role", "credential"}):
            self._complain(key, message("batch.text-expected"))
            return default
        return value

    def _check_pattern(self, pattern: str, key: str, form: Form) -> None:
        for problem, remedy in pattern_problems(pattern, form):
            self._complain(key, problem, remedy)

    def _seam_files(self, form: Form) -> dict[str, str]:
        count = len(self.complaints)
        found = seam_patterns(self.raw.get("seam", {}), self.folder, self._complain)
        for role, pattern in found.items():
            self._check_pattern(pattern, f"seam.{role}", form)
        return found if len(self.complaints) == count else {}

    def _archive(self) -> JobArchive | None:
        raw = self.raw.get("archive")
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self._complain(
                "archive",
                message("batch.mapping-expected"),
                message("batch.write-archive-bags-out-archive-credential"),
            )
            return None
        self._only(raw, _ARCHIVE_KEYS, "archive.")
        bags = self._text(raw, "bags", "archive.bags", "")
        credential = self._text(raw, "credential", "archive.credential", "")
        size = self._text(raw, "documents_per_bag", "archive.documents_per_bag", str(_DEFAULT_BAG))
        if not bags:
            self._complain("archive.bags", message("batch.no-folder-named"))
        if not size.isascii() or not size.isdigit() or int(size) < 1:
            self._complain("archive.documents_per_bag", message("batch.whole-number-above-0-expected"))
            size = str(_DEFAULT_BAG)
        omit_ids = self._yes_no(raw, "omit_ids", "archive.omit_ids")
        retention = self._retention(raw)
        return JobArchive(self.folder / bags, int(size), self.folder / credential, omit_ids, retention)

    def _retention(self, raw: dict[str, YamlText]) -> Retention | None:
        text = self._text(raw, "retention_years", "archive.retention_years", "")
        if not text:
            return None
        try:
            return Retention.parse(text)
        except ValueError:
            self._complain("archive.retention_years", message("batch.retention-expected"))
            return None

    def _yes_no(self, raw: dict[str, YamlText], key: str, place: str) -> bool:
        text = self._text(raw, key, place, "false").lower()
        if text not in _YES_NO:
            self._complain(place, message("batch.true-or-false-expected"))
        return _YES_NO.get(text, False)

    def _name(self, form: Form) -> str | None:
        pattern = self.raw.get("name")
        if pattern is None:
            return None
        if not isinstance(pattern, str) or not pattern.strip() or _NOT_IN_PATHS & set(pattern):
            self._complain("name", message("batch.file-name-pattern-expected"), message("batch.write-name"))
            return None
        self._check_pattern(pattern, "name", form)
        if "{" not in pattern:
            self._complain(
                "name", message("batch.every-document-would-have-same-name"), message("batch.write-name")
            )
        return pattern.removesuffix(".pdf")

    def _omit_clauses(self, form: Form) -> tuple[str, ...]:
        names = self._list("omit_clauses")
        known = [condition.name for condition in form.conditions]
        for name in names:
            if name not in known:
                self._complain(
                    "omit_clauses",
                    message("batch.has-no-clause", id=form.id, name=name),
                    message("batch.has", known=tuple(known) or message("messages.none")),
                )
        return tuple(names)

    def _check_timestamps(self, job: Job) -> None:
        if not job.tsa and any(signature.level is not PadesLevel.B_B for signature in job.signatures):
            self._complain(
                "tsa", message("batch.levels-above-b-b-need-timestamp"), message("batch.add-tsa-https")
            )


def _field_names(form: Form) -> tuple[str, ...]:
    return tuple(field.name for field in form.fields)
