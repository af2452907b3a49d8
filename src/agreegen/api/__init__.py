"""The documented Python surface of agreegen: what `docs/python.md` names, and nothing else, stays as it is.

Every function is typed and takes and gives frozen values; times are aware UTC; errors are of the tree in
`agreegen.errors`. The library never prints, exits or configures logging. All other modules are private by
convention: they change without notice.

A name is looked up in its module when it is asked for, so that `import agreegen.api` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agreegen.api.access import Prompt as Prompt
    from agreegen.api.access import RegisterAccess as RegisterAccess
    from agreegen.api.access import SignerPin as SignerPin
    from agreegen.api.archives import BagReport as BagReport
    from agreegen.api.archives import BagSummary as BagSummary
    from agreegen.api.archives import Ending as Ending
    from agreegen.api.archives import Extraction as Extraction
    from agreegen.api.archives import Retention as Retention
    from agreegen.api.archives import StampedBags as StampedBags
    from agreegen.api.archives import create_bag as create_bag
    from agreegen.api.archives import destroy_bag as destroy_bag
    from agreegen.api.archives import extract_document as extract_document
    from agreegen.api.archives import hand_over_bag as hand_over_bag
    from agreegen.api.archives import job_bags as job_bags
    from agreegen.api.archives import list_ages as list_ages
    from agreegen.api.archives import list_endings as list_endings
    from agreegen.api.archives import open_bag as open_bag
    from agreegen.api.archives import read_retention as read_retention
    from agreegen.api.archives import receive_bag as receive_bag
    from agreegen.api.archives import renew_bags as renew_bags
    from agreegen.api.archives import seal_bag as seal_bag
    from agreegen.api.archives import timestamp_bags as timestamp_bags
    from agreegen.api.archives import verify_bag as verify_bag
    from agreegen.api.archives import write_four as write_four
    from agreegen.api.batches import Job as Job
    from agreegen.api.batches import JobCheck as JobCheck
    from agreegen.api.batches import JobDraft as JobDraft
    from agreegen.api.batches import PrintSettings as PrintSettings
    from agreegen.api.batches import RosterSurvey as RosterSurvey
    from agreegen.api.batches import RowResult as RowResult
    from agreegen.api.batches import RunEvent as RunEvent
    from agreegen.api.batches import RunEventKind as RunEventKind
    from agreegen.api.batches import RunSettings as RunSettings
    from agreegen.api.batches import RunSummary as RunSummary
    from agreegen.api.batches import batch_status as batch_status
    from agreegen.api.batches import check_batch as check_batch
    from agreegen.api.batches import date_fields as date_fields
    from agreegen.api.batches import fitting_forms as fitting_forms
    from agreegen.api.batches import job_coverage as job_coverage
    from agreegen.api.batches import office_role as office_role
    from agreegen.api.batches import open_job_roster as open_job_roster
    from agreegen.api.batches import print_batch as print_batch
    from agreegen.api.batches import read_job as read_job
    from agreegen.api.batches import run_batch as run_batch
    from agreegen.api.batches import survey_roster as survey_roster
    from agreegen.api.batches import write_job as write_job
    from agreegen.api.credentials import CheckedCredential as CheckedCredential
    from agreegen.api.credentials import Credential as Credential
    from agreegen.api.credentials import TimestampServer as TimestampServer
    from agreegen.api.credentials import Trust as Trust
    from agreegen.api.credentials import examine_credential as examine_credential
    from agreegen.api.credentials import list_tokens as list_tokens
    from agreegen.api.credentials import load_credential as load_credential
    from agreegen.api.credentials import load_timestamp_servers as load_timestamp_servers
    from agreegen.api.credentials import load_trust as load_trust
    from agreegen.api.credentials import make_example_pki as make_example_pki
    from agreegen.api.credentials import secrets_asked as secrets_asked
    from agreegen.api.diagnosis import MachineCheck as MachineCheck
    from agreegen.api.diagnosis import examine_machine as examine_machine
    from agreegen.api.documents import EngineChoice as EngineChoice
    from agreegen.api.documents import GeneratedDocument as GeneratedDocument
    from agreegen.api.documents import check_values as check_values
    from agreegen.api.documents import generate as generate
    from agreegen.api.forms import check_form as check_form
    from agreegen.api.forms import compile_form as compile_form
    from agreegen.api.forms import describe_form as describe_form
    from agreegen.api.forms import find_form as find_form
    from agreegen.api.forms import forms_folder as forms_folder
    from agreegen.api.forms import list_forms as list_forms
    from agreegen.api.forms import start_form as start_form
    from agreegen.api.forms import summarise_form as summarise_form
    from agreegen.api.ledger.entries import Copy as Copy
    from agreegen.api.ledger.entries import Entered as Entered
    from agreegen.api.ledger.entries import Holdings as Holdings
    from agreegen.api.ledger.entries import Item as Item
    from agreegen.api.ledger.entries import Kind as Kind
    from agreegen.api.ledger.entries import Label as Label
    from agreegen.api.ledger.entries import Ledger as Ledger
    from agreegen.api.ledger.entries import LedgerAccess as LedgerAccess
    from agreegen.api.ledger.entries import Medium as Medium
    from agreegen.api.ledger.entries import Movement as Movement
    from agreegen.api.ledger.entries import Note as Note
    from agreegen.api.ledger.entries import OwnKind as OwnKind
    from agreegen.api.ledger.entries import Reminder as Reminder
    from agreegen.api.ledger.entries import add_entry as add_entry
    from agreegen.api.ledger.entries import begin_ledger as begin_ledger
    from agreegen.api.ledger.entries import change_ledger_signer as change_ledger_signer
    from agreegen.api.ledger.entries import find_word as find_word
    from agreegen.api.ledger.entries import import_entries as import_entries
    from agreegen.api.ledger.entries import ledger_content as ledger_content
    from agreegen.api.ledger.entries import ledger_credential as ledger_credential
    from agreegen.api.ledger.entries import ledger_due as ledger_due
    from agreegen.api.ledger.entries import ledger_holdings as ledger_holdings
    from agreegen.api.ledger.entries import office_day as office_day
    from agreegen.api.ledger.entries import open_ledger as open_ledger
    from agreegen.api.ledger.entries import read_day as read_day
    from agreegen.api.ledger.entries import verify_ledger as verify_ledger
    from agreegen.api.ledger.entries import word_of as word_of
    from agreegen.api.ledger.inspection import DrawOf as DrawOf
    from agreegen.api.ledger.inspection import draw_check as draw_check
    from agreegen.api.ledger.inspection import past_draw as past_draw
    from agreegen.api.ledger.inspection import record_inspection as record_inspection
    from agreegen.api.ledger.people import Clearance as Clearance
    from agreegen.api.ledger.people import Grade as Grade
    from agreegen.api.ledger.people import Leaving as Leaving
    from agreegen.api.ledger.people import clear_leavers as clear_leavers
    from agreegen.api.ledger.people import record_leavers as record_leavers
    from agreegen.api.ledger.people import record_training as record_training
    from agreegen.api.ledger.reports import ClosedLedger as ClosedLedger
    from agreegen.api.ledger.reports import WrittenReport as WrittenReport
    from agreegen.api.ledger.reports import close_ledger as close_ledger
    from agreegen.api.ledger.reports import export_ledger as export_ledger
    from agreegen.api.ledger.reports import write_inspection_sheet as write_inspection_sheet
    from agreegen.api.ledger.reports import write_ledger_report as write_ledger_report
    from agreegen.api.pages import draw_pages as draw_pages
    from agreegen.api.rebuilding import RebuildReport as RebuildReport
    from agreegen.api.rebuilding import rebuild_register as rebuild_register
    from agreegen.api.recording import Decision as Decision
    from agreegen.api.recording import OpenPage as OpenPage
    from agreegen.api.recording import PageResult as PageResult
    from agreegen.api.recording import PageStatus as PageStatus
    from agreegen.api.recording import PaperRecord as PaperRecord
    from agreegen.api.recording import ScanReport as ScanReport
    from agreegen.api.recording import accept_evidence as accept_evidence
    from agreegen.api.recording import add_paper as add_paper
    from agreegen.api.recording import add_scans as add_scans
    from agreegen.api.recording import add_signed as add_signed
    from agreegen.api.recording import change_signer as change_signer
    from agreegen.api.recording import fill_in as fill_in
    from agreegen.api.recording import open_pages as open_pages
    from agreegen.api.recording import retract as retract
    from agreegen.api.recording import say_reasons as say_reasons
    from agreegen.api.recording import unsigned_evidence as unsigned_evidence
    from agreegen.api.registers import Coverage as Coverage
    from agreegen.api.registers import CoveragePerson as CoveragePerson
    from agreegen.api.registers import CoverageState as CoverageState
    from agreegen.api.registers import CoverageTotals as CoverageTotals
    from agreegen.api.registers import DocumentRow as DocumentRow
    from agreegen.api.registers import DocumentState as DocumentState
    from agreegen.api.registers import Register as Register
    from agreegen.api.registers import RegisterVerdict as RegisterVerdict
    from agreegen.api.registers import UnsignedList as UnsignedList
    from agreegen.api.registers import describe_document as describe_document
    from agreegen.api.registers import export_register as export_register
    from agreegen.api.registers import open_register as open_register
    from agreegen.api.registers import register_coverage as register_coverage
    from agreegen.api.registers import register_signer as register_signer
    from agreegen.api.registers import verify_register as verify_register
    from agreegen.api.signing import FileSigner as FileSigner
    from agreegen.api.signing import PadesLevel as PadesLevel
    from agreegen.api.signing import SignedFile as SignedFile
    from agreegen.api.signing import SignedPdf as SignedPdf
    from agreegen.api.signing import SigningRequest as SigningRequest
    from agreegen.api.signing import extend as extend
    from agreegen.api.signing import extend_file as extend_file
    from agreegen.api.signing import sign as sign
    from agreegen.api.uploads import UploadVerifier as UploadVerifier
    from agreegen.api.uploads import verify_upload as verify_upload
    from agreegen.api.verification import FileReport as FileReport
    from agreegen.api.verification import PagePair as PagePair
    from agreegen.api.verification import Report as Report
    from agreegen.api.verification import Verdict as Verdict
    from agreegen.api.verification import VerifyOptions as VerifyOptions
    from agreegen.api.verification import changed_pages as changed_pages
    from agreegen.api.verification import report_html as report_html
    from agreegen.api.verification import report_xml as report_xml
    from agreegen.api.verification import verify as verify
    from agreegen.api.verification import verify_each as verify_each
    from agreegen.api.verification import verify_options as verify_options
    from agreegen.api.verification import write_report_html as write_report_html
    from agreegen.api.verification import write_signed_revisions as write_signed_revisions

_MODULES = {
    "access": ("Prompt", "RegisterAccess", "SignerPin"),
    "archives": (
        "BagReport",
        "BagSummary",
        "Ending",
        "Extraction",
        "Retention",
        "StampedBags",
        "create_bag",
        "destroy_bag",
        "extract_document",
        "hand_over_bag",
        "job_bags",
        "list_ages",
        "list_endings",
        "open_bag",
        "read_retention",
        "receive_bag",
        "renew_bags",
        "seal_bag",
        "timestamp_bags",
        "verify_bag",
        "write_four",
    ),
    "batches": (
        "Job",
        "JobCheck",
        "JobDraft",
        "PrintSettings",
        "RosterSurvey",
        "RowResult",
        "RunEvent",
        "RunEventKind",
        "RunSettings",
        "RunSummary",
        "batch_status",
        "check_batch",
        "date_fields",
        "fitting_forms",
        "job_coverage",
        "office_role",
        "open_job_roster",
        "print_batch",
        "read_job",
        "run_batch",
        "survey_roster",
        "write_job",
    ),
    "credentials": (
        "CheckedCredential",
        "Credential",
        "TimestampServer",
        "Trust",
        "examine_credential",
        "list_tokens",
        "load_credential",
        "load_timestamp_servers",
        "load_trust",
        "make_example_pki",
        "secrets_asked",
    ),
    "diagnosis": ("MachineCheck", "examine_machine"),
    "documents": ("EngineChoice", "GeneratedDocument", "check_values", "generate"),
    "forms": (
        "check_form",
        "compile_form",
        "describe_form",
        "find_form",
        "forms_folder",
        "list_forms",
        "start_form",
        "summarise_form",
    ),
    "ledger.entries": (
        "Copy",
        "Entered",
        "Holdings",
        "Item",
        "Kind",
        "Label",
        "Ledger",
        "LedgerAccess",
        "Medium",
        "Movement",
        "Note",
        "OwnKind",
        "Reminder",
        "add_entry",
        "begin_ledger",
        "change_ledger_signer",
        "find_word",
        "import_entries",
        "ledger_content",
        "ledger_credential",
        "ledger_due",
        "ledger_holdings",
        "office_day",
        "open_ledger",
        "read_day",
        "verify_ledger",
        "word_of",
    ),
    "ledger.inspection": (
        "DrawOf",
        "draw_check",
        "past_draw",
        "record_inspection",
    ),
    "ledger.people": (
        "Clearance",
        "Grade",
        "Leaving",
        "clear_leavers",
        "record_leavers",
        "record_training",
    ),
    "ledger.reports": (
        "ClosedLedger",
        "WrittenReport",
        "close_ledger",
        "export_ledger",
        "write_inspection_sheet",
        "write_ledger_report",
    ),
    "pages": ("draw_pages",),
    "rebuilding": ("RebuildReport", "rebuild_register"),
    "recording": (
        "Decision",
        "OpenPage",
        "PageResult",
        "PageStatus",
        "PaperRecord",
        "ScanReport",
        "accept_evidence",
        "add_paper",
        "add_scans",
        "add_signed",
        "change_signer",
        "fill_in",
        "open_pages",
        "retract",
        "say_reasons",
        "unsigned_evidence",
    ),
    "registers": (
        "Coverage",
        "CoveragePerson",
        "CoverageState",
        "CoverageTotals",
        "DocumentRow",
        "DocumentState",
        "Register",
        "RegisterVerdict",
        "UnsignedList",
        "describe_document",
        "export_register",
        "open_register",
        "register_coverage",
        "register_signer",
        "verify_register",
    ),
    "signing": (
        "FileSigner",
        "PadesLevel",
        "SignedFile",
        "SignedPdf",
        "SigningRequest",
        "extend",
        "extend_file",
        "sign",
    ),
    "uploads": ("UploadVerifier", "verify_upload"),
    "verification": (
        "FileReport",
        "PagePair",
        "Report",
        "Verdict",
        "VerifyOptions",
        "changed_pages",
        "report_html",
        "report_xml",
        "verify",
        "verify_each",
        "verify_options",
        "write_report_html",
        "write_signed_revisions",
    ),
}
"""Module → the names that it gives."""

_PLACES = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:

    def __dir__() -> list[str]:
        """Name what there is."""
        return sorted(_PLACES)

    def __getattr__(name: str) -> object:
        """Load the module of a name when it is asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - only where something is asked for

        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
