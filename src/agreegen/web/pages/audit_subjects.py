"""What an act of the audit was done to, in words: the chain holds ids, and nobody knows a batch by its id."""

from __future__ import annotations

import re

from agreegen.api.forms import role_label
from agreegen.messages import translate
from agreegen.web.office import Office
from agreegen.web.pages.words import say

_HEAD = re.compile(r"[^:/]+")
_LEDGER = "ledger"


class AuditSubjects:
    """Names of batches, agreements and people by the ids that stand in the audit.

    Args:
        office: The office.
        language: The visitor's.
    """

    def __init__(self, office: Office, language: str) -> None:
        agreements = office.agreements.all()
        self._office = office
        self._language = language
        self._forms = {each.id: each.form for each in agreements}
        self._titles = {each.id: each.title for each in agreements}
        self._titles |= {each.id: each.title for each in office.batches.all()}
        self._titles[_LEDGER] = say(language, "web.area.ledger")

    def say(self, subject: str) -> str:
        """Return a subject in words; empty where the audit's own words are all that is known."""
        found = _HEAD.match(subject)
        if found is None:
            return ""
        head, rest = found[0], subject[found.end() :]
        title = self._titles.get(head) or self._person(head)
        form = self._forms.get(head)
        if form is not None and rest.startswith(": "):
            rest = f" · {translate(role_label(form, rest[2:]), self._language)}"
        return f"{title}{rest}" if title else ""

    def _person(self, signing_id: str) -> str:
        signing = self._office.signings.by_id(signing_id)
        return "" if signing is None else signing.subject.name
