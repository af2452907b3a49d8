"""Why a page is left for a person, in words."""

from __future__ import annotations

from agreegen.messages import Message, join_sentences, languages, message, translate
from agreegen.scanning.interface import Reason


def reason_text(reason: Reason) -> Message:
    """Return what is said of a reason."""
    return message(f"scanning.reason.{reason.value}")


def say_reasons(reasons: tuple[Reason, ...]) -> Message | None:
    """Return reasons in one sentence."""
    return join_sentences(map(reason_text, reasons))


def read_reasons(text: str) -> tuple[Reason, ...]:
    """Return the reasons of a sentence of `say_reasons`, in whichever language; none where it is another.

    A review sheet is written for one reader; others see its pages in a browser, in their own language.
    """
    found = (_read_in(text, language) for language in languages())
    return next(filter(None, found), ())


def _read_in(text: str, language: str) -> tuple[Reason, ...]:
    """Read one reason after the other, the longest that fits: some hold the mark that stands between them."""
    between = translate(message("messages.sentences", first="", rest=""), language)
    known = {translate(reason_text(each), language): each for each in Reason}
    found = []
    while text:
        fitting = [each for each in known if text == each or text.startswith(each + between)]
        if not fitting:
            return ()
        longest = max(fitting, key=len)
        found.append(known[longest])
        text = text[len(longest) + len(between) :]
    return tuple(found)
