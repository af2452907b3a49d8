"""`ledger leaver` and `training`: people who leave, people who learn."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from agreegen.api.ledger.entries import find_word, office_day, word_of
from agreegen.api.ledger.people import (
    Clearance,
    Grade,
    Leaving,
    clear_leavers,
    record_leavers,
    record_training,
)
from agreegen.cli.ledger.options import (
    DayType,
    known_register_option,
    ledger_option,
    open_access,
    say_head,
    writing_options,
)
from agreegen.cli.options import existing_file, json_option
from agreegen.cli.output import print_json, print_table, say
from agreegen.clock import read_clock
from agreegen.errors import ExitCode, UsageError
from agreegen.messages import message, reader_language


@click.command("leaver")
@ledger_option
@click.argument("names", nargs=-1, required=True)
@click.option("--close", is_flag=True, help="cli.record-they-leave-refused-while-anything")
@click.option("--left", "day", type=DayType(), help="cli.their-last-day-today-where-nothing")
@click.option(
    "--grade", default="none", metavar=message("cli.text"), help="cli.grade-their-posts-or-its-code"
)
@click.option("--months", type=int, help="cli.length-period-after-leaving-else-grade")
@click.option("--post", default="", help="cli.their-post")
@click.option("--pledge", default="", help="cli.where-leaving-pledge-document-id-scan")
@click.option("--note", default="", help="cli.anything-else")
@known_register_option
@writing_options
@json_option
def leaver_command(
    ledger_file: Path,
    names: tuple[str, ...],
    close: bool,
    day: date | None,
    grade: str,
    months: int | None,
    post: str,
    pledge: str,
    note: str,
    register_file: Path | None,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
    as_json: bool,
) -> int:
    """Say what stands against somebody's leaving: copies that are out, a leaving pledge that is missing.

    With --close, record it, for all of them or nobody. Exit 1 while anything stands against it.
    """
    if pledge and len(names) > 1:
        raise UsageError(
            message("cli.pledge-one-person"), hint=message("cli.name-one-person-or-register-all")
        )
    leaving = Leaving(day or office_day(read_clock()), _grade(grade), months, post, note)
    if close:
        access = open_access(ledger_file, credential_file, trust, by)
        found, entered = record_leavers(access, names, leaving, register=register_file, pledge=pledge)
        if entered is not None and entered.head is not None:
            say(message("ledger.entered", path=ledger_file, count=len(names), code=entered.head.code))
    else:
        found, entered = clear_leavers(ledger_file, names, register=register_file, pledge=pledge), None
    recorded = entered is not None
    _print(found, leaving, recorded=recorded, as_json=as_json)
    stands = any(each.open for each in found) or (close and not recorded)
    return ExitCode.NEGATIVE if stands else ExitCode.DONE


@click.command("training")
@ledger_option
@click.option("--roster", required=True, type=existing_file, help="cli.people-column-says-who-came")
@click.option("--topic", required=True, help="cli.what-was-about")
@click.option("--date", "day", type=DayType(), help="cli.when-was-today-where-nothing-said")
@click.option("--held-by", default="", help="cli.who-held")
@writing_options
def training_command(
    ledger_file: Path,
    roster: Path,
    topic: str,
    day: date | None,
    held_by: str,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
) -> None:
    """Record a training, and who of a roster took part."""
    access = open_access(ledger_file, credential_file, trust, by)
    when = day or office_day(read_clock())
    entered = record_training(access, roster, day=when, topic=topic, held_by=held_by)
    people = entered.notes[0].facts["people"]
    present = sum(person["attended"] for person in people)
    say(message("ledger.trained", path=ledger_file, present=present, people=len(people)))
    say_head(ledger_file, entered)


def _grade(text: str) -> Grade:
    code = find_word("grades", text)
    if code is None:
        raise UsageError(message("cli.grade-no-grade", text=text), hint=message("cli.or"))
    return Grade(code)


def _print(found: tuple[Clearance, ...], leaving: Leaving, *, recorded: bool, as_json: bool) -> None:
    until = leaving.bound_until
    if as_json:
        people = [_person(each) for each in found]
        bound = None if until is None else until.isoformat()
        print_json({"people": people, "bound_until": bound, "recorded": recorded})
        return
    rows = [
        (
            each.name,
            ", ".join(f"{copy.item}/{copy.number}" for copy in each.out),
            each.pledge or "—",
            each.left or "",
            until or "" if recorded else "",
        )
        for each in found
    ]
    columns, language = ("name", "out", "pledge", "left", "bound_until"), reader_language()
    print_table([word_of("lists", each, language) for each in columns], rows)


def _person(clearance: Clearance) -> dict[str, object]:
    out = [{"item": copy.item, "copy": copy.number, "holder": copy.holder} for copy in clearance.out]
    return {
        "name": clearance.name,
        "out": out,
        "pledge": None if clearance.pledge is None else str(clearance.pledge),
        "left": None if clearance.left is None else clearance.left.isoformat(),
        "open": clearance.open,
    }
