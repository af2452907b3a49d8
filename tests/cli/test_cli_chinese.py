"""With a Chinese locale nobody meets an English sentence: every command, its help, its errors, its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agreegen.cli.main import cli
from agreegen.example_pki.layout import ExamplePki
from tests.cli.conftest import SAMPLES, Agreegen, Papers, Result, write_job

_ABBREVIATIONS = {"agreegen", "dask", "soffice", "pdf", "docx", "xlsx", "csv", "yaml", "html"}
_NAMES = re.compile(
    r"Noto Serif (?:CJK )?SC|LXGW WenKai|BabelStone Han|EXAMPLE [A-Z][A-Za-z ]*|OpenSSL [\d.]+"
    r"|[\w./~-]*[/\\][\w./*~-]*|--?[a-z][\w-]*|\b[\w-]+\.[a-z0-9]{2,5}\b|[A-Z][A-Z0-9_.|/-]+|\b\w*[_\d]\w*\b"
    r"|\b[a-z]+(?:-[a-z]+)+\b|\{[^}]*\}|`[^`]*`|\[[a-z|-]+\]"
)
_SENTENCE = re.compile(r"\b[A-Za-z]{2,}(?:,? [a-z]{2,})+\b|\b(?:the|is|of|not|was|cannot|must|with)\b")


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every group and command by the words that call it."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from walk(child, (*path, name))


COMMANDS = sorted(set(walk(cli)))
_WORDS = {word for path in COMMANDS for word in path} | _ABBREVIATIONS
_COMMAND = re.compile(rf"\b(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b")


def without_names(text: str) -> str:
    """Take names, paths, options, codes and commands out of a text."""
    return _COMMAND.sub("·", _NAMES.sub("·", text))


def english(text: str) -> list[str]:
    """Return what reads as English in a text: names, paths, options, codes and commands are none."""
    found = []
    for line in text.splitlines():
        plain = without_names(line)
        found += [f"{match[0]!r} in {line.strip()}" for match in _SENTENCE.finditer(plain)]
    return found


def require_chinese(result: Result, *codes: int) -> None:
    """Fail where the result is another than expected, or says something in English."""
    assert result.code in codes, result.err
    assert english(result.out) == []
    assert english(result.err) == []
    assert re.search("[\u4e00-\u9fff]", result.out + result.err)


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak as the locale asks."""
    monkeypatch.delenv("AGREEGEN_LANG")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


def test_the_measure_finds_english_and_lets_names_pass() -> None:
    """The measure itself."""
    assert english("错误：file is not there")
    assert english("没有选项。 Did you mean --force?")
    assert english("请运行 agreegen register list --register FILE，见 out/a b.pdf（Noto Serif SC）") == []


@pytest.mark.parametrize("path", COMMANDS, ids="-".join)
def test_help(agreegen: Agreegen, path: tuple[str, ...]) -> None:
    """Commands, options and their choices."""
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    command._help_option = None  # click words it once a process; another test may have read it in English
    result = agreegen(*path, "--help")
    require_chinese(result, 0)
    assert "选项：" in result.out


WRONG_CALLS = r"""
frobnicate
registr
generate
sign
verify
batch run
batch run nothing.yaml
batch print nothing.yaml -o
doctor --jsn
doctor --json=1
doctor extra
forms show no-such-form
forms check no-such-form
forms new Wrong ID
forms new a-form --from x --docx {empty}
forms new a-form --docx {empty} -o {tmp}/forms
forms list --forms {tmp}/nothing
generate personal-pledge --params {empty} -o {tmp}/a.pdf
generate personal-pledge --params {wrong} -o {tmp}/a.pdf
generate personal-pledge --params {pledge} -o {pdf}
generate confidentiality-agreement@1.0 --params {agreement} -o {tmp}/a.pdf --engine compiled
sign {pdf} -o {tmp}/s.pdf --role nobody --credential {seal}
sign {pdf} -o {tmp}/s.pdf --role pledger --credential {seal}
sign {pdf} -o {tmp}/s.pdf --role unit --credential {empty}
sign {pdf} -o {tmp}/s.pdf --role unit --credential {literal}
sign {pdf} -o {tmp}/s.pdf --role unit --credential {unset}
sign {pdf} -o {tmp}/s.pdf --role unit --credential {seal} --level B-T
sign {pdf} -o {tmp}/s.pdf --role unit --credential {seal} --level B-T --tsa http://127.0.0.1:9/
sign {empty} -o {tmp}/s.pdf --role unit --credential {seal}
sign {pdf} {pdf} -o {tmp}/s.pdf --credential {seal}
extend {pdf} -o {tmp}/s.pdf --level B-T
extend {empty} -o {tmp}/s.pdf --level B-T --tsa http://127.0.0.1:9/
verify {empty}
verify {tmp}/nothing.pdf
verify {tmp}
verify {pdf} --at yesterday
verify {pdf} --trust {empty}
verify {pdf} --policy {wrong}
verify {pdf} --jobs 0
verify {pdf} --alias x
verify {pdf} --register {empty}
verify {pdf} --seal-seen x
batch check {empty}
batch check {wrong}
batch check {tmp}/nothing.yaml
batch check {badroster}
batch check {badcells}
batch run {badcells} --workers 1
batch run {job} --engine dask
batch run {job} --workers 0
batch new {empty} -o {tmp}/new.yaml --no-input
batch new {roster} -o {job} --no-input
batch new {roster} -o {tmp}/new.yaml --no-input --form confidentiality-agreement
batch new {roster} -o {tmp}/new.yaml --no-input --date soon
batch print {job} -o {tmp}/p.pdf --unit nobody
batch print {job} -o {tmp}/p.pdf --staff-no X
archive create {tmp}/sub -o {tmp}/bag --credential {seal}
archive verify {tmp}/sub
archive timestamp {tmp}/sub --tsa http://127.0.0.1:9/
archive renew {tmp}/sub --tsa http://127.0.0.1:9/
archive extract {tmp}/sub a.pdf -o {tmp}/x
archive status {tmp}/sub
archive receive {tmp}/sub
archive destroy {tmp}/sub --approved-by 甲 --witness 甲 --reason 期满 --credential {seal}
register list --register {empty}
register list --register {tmp}/nothing.db
register export --register {register} -o {tmp}/x.pdf
register verify --register {empty}
register verify --register {register} --signer x
register verify --register {register} --known 1-AAAA-BBBB-CCCC-DDDD
register coverage --register {register}
register coverage --job {job} --at soon
register add-paper --register {register} --staff-no X --scan {pdf}
register add-paper --register {register} --staff-no HN0002 --scan {empty}
register retract --register {register} --staff-no HN0002 --reason 误
register add-scans --register {register} {empty}
register add-scans --register {register} --decisions {empty}
register add-signed {empty} --register {register} --trust {trust}
register change-signer --register {register} --to {empty}
register rebuild {tmp}/sub
ledger list --ledger {tmp}/nothing.db
ledger add --ledger {tmp}/new.db --kind 收文
ledger add --ledger {tmp}/new.db --kind looked-at --title 一
ledger import --ledger {tmp}/new.db {empty}
ledger verify --ledger {empty}
ledger draw --ledger {empty} --count 0
credentials list --module {tmp}/nothing.so
credentials check {empty}
credentials check {wrong}
credentials check {lostkey}
certs example {tmp}
demo {tmp}
demo {tmp}/demo --count 0
web user list
web user add x --role king --home {tmp}/home
web user disable x --home {tmp}/home
web restore {empty} --home {tmp}/home
web authority init --home {tmp}/home
"""
"""One call a line; names in braces stand for what `places` gives."""

LINES = [" ".join(line.split()) for line in WRONG_CALLS.replace("\\\n", " ").strip().splitlines()]


@pytest.fixture
def places(tmp_path: Path, pki: ExamplePki, papers: Papers, own_job: Path, roster: Path) -> dict[str, object]:
    """What the lines name: inputs that are right, and inputs that are wrong in one way each."""
    (tmp_path / "sub").mkdir()
    texts = {
        "empty": "",
        "wrong": "surprise: 1\npledger_name: [一\n",
        "literal": "kind: pkcs12\nfile: a.p12\npassphrase: geheim\n",
        "unset": "kind: pkcs12\nfile: unit-seal.p12\npassphrase: {env: NOT_SET_HERE}\n",
        "lostkey": "kind: pem\nkey: gone.pem\ncertificate: gone.pem\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    (tmp_path / "odd.csv").write_text("甲,乙\n一,二\n", "utf-8")
    cells = (
        "姓名,编号,身份证号",
        "张伟,HN 1,123",
        ",HN0002,",
        "李四\ufffd,HN0003,11010519491231002X",
        "王五,HN0003,",
    )
    (tmp_path / "cells.csv").write_text("\n".join(cells), "utf-8")
    for name in ("odd", "cells"):
        (tmp_path / f"{name}-job").mkdir()
    return {
        **{name: tmp_path / f"{name}.yaml" for name in texts},
        "tmp": tmp_path,
        "pdf": papers.pledge,
        "pledge": SAMPLES / "pledge.yaml",
        "agreement": SAMPLES / "confidentiality-agreement.yaml",
        "seal": pki.credential("unit-seal"),
        "trust": pki.trust,
        "job": own_job,
        "register": own_job.parent / "pledges" / "register.db",
        "roster": roster,
        "badroster": write_job(tmp_path / "odd-job", pki, tmp_path / "odd.csv"),
        "badcells": write_job(tmp_path / "cells-job", pki, tmp_path / "cells.csv"),
    }


@pytest.mark.parametrize("line", LINES)
def test_errors(agreegen: Agreegen, places: dict[str, object], line: str) -> None:
    """One of every kind: wrong calls, wrong inputs, keys, services, registers, bags."""
    result = agreegen(*(word.format_map(places) for word in line.split()))
    require_chinese(result, 1, 2, 3, 4, 5, 6, 7, 8)
