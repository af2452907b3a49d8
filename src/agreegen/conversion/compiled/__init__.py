"""Compiled forms: LibreOffice lays a form out once; documents are then made from that page without it."""

from __future__ import annotations

from agreegen.conversion.compiled.description import DESCRIPTION_NAME, ENGINE
from agreegen.conversion.compiled.engine import CompiledForm, Printed, load_compiled

__all__ = ["DESCRIPTION_NAME", "ENGINE", "CompiledForm", "Printed", "load_compiled"]
