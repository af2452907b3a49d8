"""Invented input in realistic shape: rosters of people, and the documents that the suites share."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Form
from agreegen.packaged_data import samples_folder
from agreegen.pipeline.making import DocumentMaker
from agreegen.rosters.parameters import read_parameters
from agreegen.rosters.roster import open_roster

PLEDGE, AGREEMENT = "personal-pledge", "data-use-agreement"
PLEDGE_DATE = "2018-05-10"
UNIT_ROLE = "unit"
ROSTER_HEADER = ("编号", "姓名", "单位", "职务", "区划代码", "是否涉密", "培训日期")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜欧司"
_GIVEN = "晓明丽华建平海燕志远雪梅国庆思源玉兰文博春生静怡磊娟鹏翔慧敏俊杰婷涛颖峰琳"
_LONG_NAMES = ("阿卜杜热合曼·买买提", "古丽娜尔·艾合买提江", "欧阳晓云", "扎西多吉", "Anna-Maria Petrova")
_UNITS = ("豫州市虚构区普查办公室", "豫州市样例县第二次全国污染源普查领导小组办公室", "清水河镇普查站")
_LONG_EVERY = 25


def invent_names() -> Iterator[str]:
    """Yield names without end: two or three characters, now and then a long one."""
    given = ["".join(pair) for pair in itertools.product(_GIVEN, ["", *_GIVEN])]
    for number in itertools.count():
        if number % _LONG_EVERY == _LONG_EVERY - 1:
            yield _LONG_NAMES[number // _LONG_EVERY % len(_LONG_NAMES)]
        else:
            yield _SURNAMES[number % len(_SURNAMES)] + given[number // len(_SURNAMES) % len(given)]


def invent_rows(count: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a roster, as `ROSTER_HEADER` names their columns."""
    for number, name in zip(range(1, count + 1), invent_names(), strict=False):
        unit = _UNITS[number % len(_UNITS)]
        yield (f"BM{number:07d}", name, unit, "普查员", "410105", "否", "2018年5月8日")


def write_csv_roster(path: Path, count: int) -> None:
    """Write a CSV roster in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(ROSTER_HEADER)
    writer.writerows(invent_rows(count))
    path.write_text(text.getvalue(), encoding="utf-8-sig")


def write_xlsx_roster(path: Path, count: int) -> None:
    """Write an XLSX roster."""
    import openpyxl  # noqa: PLC0415 - one suite only

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    sheet.append(ROSTER_HEADER)
    for row in invent_rows(count):
        sheet.append(row)
    book.save(path)


def pledge_form() -> Form:
    """Return the packaged pledge."""
    return find_form(PLEDGE, forms_folder())


def agreement_form() -> Form:
    """Return a packaged agreement of two parties."""
    return find_form(AGREEMENT, forms_folder())


def agreement_documents(count: int) -> list[Document]:
    """Build agreements that differ in one value."""
    form = agreement_form()
    values: Mapping[str, Value] = read_parameters(samples_folder() / f"{AGREEMENT}.yaml", form)
    names = itertools.islice(invent_names(), count)
    return [build_document(form, {**values, "party_b_representative": name}) for name in names]


def pledge_documents(folder: Path, count: int) -> list[Document]:
    """Build pledges from a roster, as a batch does."""
    form = pledge_form()
    path = folder / f"pledges-{count}.csv"
    write_csv_roster(path, count)
    roster = open_roster(path, form, defaults={"pledge_date": PLEDGE_DATE})
    return [build_document(form, row.values) for row in roster.rows()]


@dataclass(frozen=True, slots=True)
class Pledge:
    """An unsigned pledge that passed every gate."""

    document: Document
    pdf: bytes


def make_pledges(documents: Sequence[Document]) -> list[Pledge]:
    """Make the PDFs of pledges with the engine that a batch would take."""
    with DocumentMaker(pledge_form()) as maker:
        made = [maker.make(document) for document in documents]
    return [Pledge(one.document, one.pdf) for one in made]
