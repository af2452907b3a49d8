"""The documented Python surface of agreegen: what `docs/python.md` names, and nothing else, stays as it is.

Every function is typed and takes and gives frozen values; times are aware UTC; errors are of the tree in
`agreegen.errors`. The library never prints, exits or configures logging. All other modules are private by
convention: they change without notice.

A name is looked up in its module when it is asked for, so that `import agreegen.api` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agreegen.api.access import *
    from agreegen.api.archives.bags import *
    from agreegen.api.archives.envelopes import *
    from agreegen.api.archives.handover import *
    from agreegen.api.archives.retention import *
    from agreegen.api.batches import *
    from agreegen.api.credentials import *
    from agreegen.api.diagnosis import *
    from agreegen.api.documents import *
    from agreegen.api.forms import *
    from agreegen.api.ledger.entries import *
    from agreegen.api.ledger.inspection import *
    from agreegen.api.ledger.people import *
    from agreegen.api.ledger.reports import *
    from agreegen.api.pages import *
    from agreegen.api.rebuilding import *
    from agreegen.api.recording import *
    from agreegen.api.registers import *
    from agreegen.api.signing import *
    from agreegen.api.uploads import *
    from agreegen.api.verification import *

_MODULES = {
    "access": ("Prompt", "RegisterAccess", "SignerPin"),
    "archives.bags": (
        "BagReport",
        "BagSummary",
        "Ending",
        "Extraction",
        "StampedBags",
        "create_bag",
        "extract_document",
        "list_endings",
        "renew_bags",
        "timestamp_bags",
        "verify_bag",
        "write_four",
    ),
    "archives.envelopes": ("open_bag", "seal_bag"),
    "archives.handover": ("hand_over_bag", "receive_bag"),
    "archives.retention": ("Retention", "destroy_bag", "job_bags", "list_ages", "read_retention"),
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
    "ledger.inspection": ("DrawOf", "draw_check", "past_draw", "record_inspection"),
    "ledger.people": ("Clearance", "Grade", "Leaving", "clear_leavers", "record_leavers", "record_training"),
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
