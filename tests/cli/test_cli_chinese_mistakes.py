"""With a Chinese locale each kind of mistake is told in Chinese, to the last word: names and keys apart."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import docx
import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from agreegen.example_pki.layout import ExamplePki
from tests.cli.conftest import SAMPLES, Agreegen, Papers
from tests.cli.test_cli_chinese import without_names

HEADER = "姓名,编号,身份证号,单位,培训日期\n"
PARAMETERS = {
    "alias": "a: &x [1]\npledger_name: *x\n",
    "tab": "pledger_name:\t张\n\tb: 1\n",
    "twice": "pledger_name: 张伟\npledger_name: 李四\n",
    "deep": "a: " + "[" * 30 + "]" * 30,
    "list": "- 一\n- 二\n",
    "odd": "pledger_name: カ张\nid_number: 110105194912310021\npledge_date: 2018-02-30\nis_overseas: 也许\n",
    "mixed": "pledger_name: 张а\n",
    "several": 'pledger_name: ""\nstaff_no: a b\nid_number: 12\npledge_date: x\n',
    "digit": 'pledger_name: "1"\n',
    "rare": "pledger_name: 张\U00031350\n",
}
CREDENTIALS = {
    "no-kind": "file: a\n",
    "kind": "kind: magic\n",
    "setting": "kind: pkcs12\nfile: a.p12\ncolour: red\n",
    "gone": "kind: pkcs12\nfile: gone.p12\npassphrase: {env: NOT_SET}\n",
    "list": "- a\n",
    "password": "kind: csc\nurl: https://u:p@host/\ncredential: x\ntoken: {env: HOME}\n",
    "plain": "kind: csc\nurl: http://10.0.0.1/csc/v1\ncredential: x\ntoken: {env: HOME}\n",
    "closed": "kind: csc\nurl: https://127.0.0.1:9/csc/v1\ncredential: x\ntoken: {env: HOME}\n",
    "alias": "kind: &a pkcs12\nfile: *a\n",
    "wrong": "kind: pkcs12\nfile: {seal}\npassphrase: {{file: wrong.pass}}\n",
    "no-pkcs12": "kind: pkcs12\nfile: wrong.pass\npassphrase: {file: wrong.pass}\n",
    "no-pem": "kind: pem\nkey: wrong.pass\ncertificate: wrong.pass\n",
    "huge": "kind: pkcs12\nfile: {seal}\npassphrase: {{file: {secret}}}\nappearance: {{seal: huge.png}}\n",
}
SERVICES = {
    "password": "url: http://u:p@x/\n",
    "ftp": "url: ftp://x\n",
    "setting": "colour: 1\n",
    "braces": "{{{",
}
ROSTERS = {
    "cells": HEADER + "张伟,HN 1,123,,2018-02-30\n,HN0002,,,\nカ四,HN0003,11010519491231002X,,x\n"
    "王五,HN0003,,,\n张а,HN9,,,\n李\u200b四,HN10,,,\n张伟,HN11,110105194912310021,,\n",
    "headers": "甲,乙\n一,二\n",
    "nothing": "",
    "two-names": "姓名,姓名,编号\n张,伟,A1\n",
    "no-rows": HEADER,
}
JOBS = {
    "mistakes": "form: personal-pledge\nroster: {file: roster.csv}\noutput: out\nlevel: 3\ntsa: ftp://x\n"
    'name: "{nope}"\nseam: {x: y.png}\nsignatures:\n'
    "  - {role: boss, credential: a.yaml, level: B-X, missing: never}\n"
    '  - 3\n  - {role: pledger, credential: "people/{nix}.yaml"}\n',
    "no-form": "form: no-such\nroster: {file: roster.csv}\noutput: out\n",
    "no-version": "form: personal-pledge@9.9\nroster: {file: roster.csv}\noutput: out\n",
    "broken": "form: [a\n",
    "empty": "{}",
    "alias": "a: &x 1\nb: *x\n",
    "open": "form: personal-pledge\nroster: {file: roster.csv}\noutput: out\nsignatures:\n"
    '  - {role: unit, credential: gone.yaml}\n  - {role: pledger, credential: "people/{staff_no}.yaml"}\n',
}
OTHERS = {
    "a.pdf": b"%PDF-1.4\n", "a.png": b"\x89PNG\r\n", "a.zip": b"PK\x03\x04xx", "a.rtf": b"{\\rtf1}",
    "a.html": b"<html>", "a.7z": b"7z\xbc\xaf\x27",
}  # fmt: skip

CALLS = [
    *(
        f"generate personal-pledge --params {{at}}/parameters/{name}.yaml -o {{at}}/o.pdf"
        for name in PARAMETERS
    ),
    *(f"credentials check {{at}}/credentials/{name}.yaml" for name in CREDENTIALS),
    *(
        f"sign {{pdf}} -o {{at}}/s.pdf --credential {{seal}} --level B-T --tsa {{at}}/services/{name}.yaml"
        for name in SERVICES
    ),
    *(f"batch check {{at}}/rosters/{name}/job.yaml" for name in (*ROSTERS, "workbook")),
    *(f"batch check {{at}}/jobs/{name}/job.yaml" for name in JOBS),
    *(f"batch new {{at}}/others/{name} -o {{at}}/new.yaml --no-input" for name in OTHERS),
    "batch new {at}/forms/tags/template.docx -o {at}/new.yaml --no-input",
    "batch new {at}/rosters/no-rows/roster.csv -o {at}/new.yaml --no-input --column nix=姓名",
    "forms check {at}/forms/keys {at}/forms/alias {at}/forms/word {at}/forms/names {at}/forms/tags",
    "forms show keys --forms {at}/forms",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --role boss",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --role pledger",
    "sign {attested} -o {at}/s.pdf --credential {seal}",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --level B-T --tsa http://u:p@127.0.0.1/",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --level B-T --tsa http://127.0.0.1:9/",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --trust {at}/others/a.pdf",
    "sign {pdf}",
    "sign {pdf} -o {at}/s.pdf --credential {seal} --level X",
    "verify {at}/pdf/cut.pdf {at}/pdf/changed.pdf {at}/pdf/added.pdf {at}/pdf/text.pdf --trust {trust}",
    "verify {attested} --policy {at}/policy.yaml",
    "verify {attested} --password-file {at}/nothing",
    "verify {attested} --jobs x",
    "verify {attested} --evidence {at}/others/a.pdf",
    "archive create {at}/others -o {at}/bag --credential {seal}",
    "archive verify {at}/bags/damaged --trust {trust}",
    "archive open {at}/others/a.pdf -o {at}/opened --credential {seal}",
    "register list --register {at}/others/a.zip",
    "register verify --register {register} --known {at}/others/a.pdf",
    "ledger new --ledger {at}/ledger.db --office 普查办 --credential {seal}",
    "ledger add --ledger {at}/ledger.db --kind 抢 --item A-1",
    "ledger add --ledger {at}/ledger.db --kind 传阅 --item A-1 --date 2038-05-20 --receiver 王",
    "ledger import --ledger {at}/ledger.db {at}/entries.csv",
    "ledger import --ledger {at}/ledger.db {at}/others/a.pdf",
    "web --home {at}/home",
]
"""In this order, since a later call may stand on what an earlier one left."""

_KEYS = (
    "alias aliases appearance archive archive_seal BagIt boss bytes Cambria chain circulate color "
    "colour columns conditions ConnectionError consent copy credential csc date day defaults destroy "
    "digests distribute docx en env Excel fail false fields file first fonts form fr ftp half HN hours "
    "http https id integer issue keys kind label language level list loop magic mail make maybe missing "
    "name Name names never nix no-end nolabel nope order output passphrase password pem people "
    "permitted person pfx phone pkcs pledge pledger Pledger policy position prompt pytest python "
    "receive required return revocation role roles roster rsa seam Sheet signatures sm soon source "
    "startxref subject tags text titel title token trailing true trust tsa type unit url username "
    "verify version web Word word zh Zip"
)
_GIVEN = frozenset(_KEYS.split())
"""Keys of files, what was typed, names of fonts and programs."""


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak as the locale asks."""
    monkeypatch.delenv("AGREEGEN_LANG")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory, pki: ExamplePki, papers: Papers, finished_job: Path
) -> dict[str, object]:
    """What the calls name: inputs that are wrong in each way."""
    at = tmp_path_factory.mktemp("mistakes")
    seal = pki.credential("unit-seal")
    _texts(at, {"seal": seal.with_suffix(".p12"), "secret": seal.with_suffix(".pass")})
    _workbook(at / "rosters/workbook/roster.xlsx")
    _forms(at / "forms")
    _damaged(at, papers.attested.read_bytes())
    return {
        "at": at,
        "seal": seal,
        "trust": pki.trust,
        "pdf": papers.pledge,
        "attested": papers.attested,
        "register": finished_job.parent / "pledges" / "register.db",
    }


def _texts(at: Path, made: dict[str, Path]) -> None:
    """Lay out parameters, services, credentials, rosters, jobs, and what is none of them."""
    for folder, texts in (("parameters", PARAMETERS), ("services", SERVICES)):
        for name, text in texts.items():
            _write(at / folder / f"{name}.yaml", text)
    for name, text in CREDENTIALS.items():
        _write(at / f"credentials/{name}.yaml", text.format_map(made) if "{seal}" in text else text)
    _write(at / "credentials/wrong.pass", "falsch\n")
    Image.new("RGB", (9000, 9000)).save(at / "credentials/huge.png")
    for name, text in ROSTERS.items():
        _write(at / f"rosters/{name}/roster.csv", text)
        _write(at / f"rosters/{name}/job.yaml", _job("roster.csv"))
    _write(at / "rosters/workbook/job.yaml", _job("roster.xlsx"))
    for name, text in JOBS.items():
        _write(at / f"jobs/{name}/roster.csv", HEADER + "张伟,A1,,,\n")
        _write(at / f"jobs/{name}/job.yaml", text)
    for name, data in OTHERS.items():
        _write(at / "others" / name, data)
    _write(at / "policy.yaml", "digests: {sha256: soon}\n")
    _write(at / "home/office.yaml", "language: fr\n")
    rows = "传阅,A-1,2018-05-40,x,无,李娜,,\n抢,A-7,,,,,,\n复制,B-1,2018-06-14,1,张伟,李娜,,\n"
    _write(at / "entries.csv", "事项,编号,时间,份数,交出人,接收人,审批人,承办人\n" + rows)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _job(roster: str) -> str:
    return f"form: personal-pledge\nroster: {{file: {roster}}}\noutput: out\nsignatures: []\n"


def _workbook(path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (
        ["姓名", "编号", "身份证号"],
        ["张伟", "A1", 110105194912310021.0],
        ["=A9", "A2", True],
        ["李四", "A3", "#N/A"],
    ):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(path)


def _forms(folder: Path) -> None:
    """Lay out forms that are wrong: their keys, an alias, no Word document, names, tags."""
    for name in ("keys", "alias", "word", "names", "tags"):
        shutil.copytree(SAMPLES.parent / "forms/personal-pledge", folder / name)
        described = folder / name / "form.yaml"
        text = described.read_text("utf-8").replace("id: personal-pledge", f"id: {name}", 1)
        _write(described, text)
    keys, names = folder / "keys/form.yaml", folder / "names/form.yaml"
    for old, new in (
        ("type: person-name", "type: person"),
        ("required: true", "required: maybe"),
        ("order: 1", "order: first"),
        ("title:", "titel:"),
    ):
        _write(keys, keys.read_text("utf-8").replace(old, new))
    _write(
        names,
        names.read_text("utf-8")
        .replace("name: pledger_name", "name: Pledger")
        .replace("id: pledger", "id: 承诺人"),
    )
    _write(folder / "alias/form.yaml", "a: *b\n")
    _write(folder / "word/template.docx", b"x")
    document = docx.Document()
    document.add_paragraph("{{ nope }} {% for x in y %} {{ a.b }} {{ f() }} {{ x|upper }}{% endfor %}")
    document.add_paragraph("{{ half")
    document.save(str(folder / "tags/template.docx"))


def _damaged(at: Path, signed: bytes) -> None:
    """Lay out signed files and a bag that are damaged."""
    middle = signed.find(b"stream") + 40
    _write(at / "pdf/cut.pdf", signed[: len(signed) // 2])
    _write(at / "pdf/changed.pdf", signed[:middle] + b"XXXX" + signed[middle + 4 :])
    _write(at / "pdf/added.pdf", signed + b"hello")
    _write(at / "pdf/text.pdf", b"hi")
    bag = at / "bags/damaged"
    _write(bag / "bagit.txt", b"BagIt-Version: 0.97\n")
    _write(bag / "bag-info.txt", "nolabel\n")
    _write(bag / "manifest-sha256.txt", "0" * 64 + "  data/documents/gone.pdf\n")
    _write(bag / "data/documents/a.pdf", signed)
    (bag / "data/link").symlink_to("/etc/hostname")


def foreign_words(text: str) -> list[str]:
    """Return the words of a text that are neither names nor keys: one alone would be read as English, too."""
    return [word for word in re.findall(r"[A-Za-z]{2,}", without_names(text)) if word not in _GIVEN]


def test_one_word_is_enough() -> None:
    """The measure itself."""
    assert foreign_words("x.yaml 中有 7 errors") == ["errors"]
    assert foreign_words("event 3：校验码 12-AB 与链上此处不符") == ["event"]
    assert foreign_words("请写 url: https://tsa.example/") == []


@pytest.mark.parametrize("line", CALLS)
def test_a_mistake_is_told_in_chinese(agreegen: Agreegen, places: dict[str, object], line: str) -> None:
    """Every line of it."""
    result = agreegen(*(word.format_map(places) for word in line.split()))
    assert result.code in {0, 1, 2, 3, 6, 7}, result.err
    assert foreign_words(result.out + result.err) == []
    assert re.search("[\u4e00-\u9fff]", result.out + result.err)
