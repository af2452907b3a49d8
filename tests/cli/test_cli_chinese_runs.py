"""With a Chinese locale the runs that succeed speak Chinese, too: an office's work, command by command."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import docx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from agreegen.cli.main import run
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from tests.cli.conftest import SAMPLES, Result, write_job
from tests.cli.test_cli_chinese import COMMANDS, english, without_names
from tests.scans.stack import Printed, print_job

pytestmark = pytest.mark.libreoffice

RUNS = r"""
doctor
forms list
forms show personal-pledge
forms check
forms new our-pledge --from personal-pledge -o {tmp}/forms
forms new our-letter --docx {word} -o {tmp}/forms
forms compile our-pledge --forms {tmp}/forms
certs example {tmp}/pki --force
credentials check {seal}
credentials check {jobseal} --for-job {job}
credentials list --module /usr/lib/softhsm/libsofthsm2.so
generate personal-pledge --params {pledge} -o {tmp}/a.pdf --docx {tmp}/a.docx
generate personal-pledge --params {pledge} -o {tmp}/one/b.pdf --register {tmp}/one/register.db \
    --register-credential {archive}
sign {tmp}/a.pdf -o {tmp}/s.pdf --role unit --credential {seal} --trust {trust} --level B-T --tsa {tsa}
sign {tmp}/one/b.pdf -o {tmp}/one/s.pdf --credential {seal} --trust {trust} --register {tmp}/one/register.db \
    --register-credential {archive}
sign {tmp}/one/s.pdf -o {tmp}/p.pdf --role pledger --credential {person} --trust {trust}
register add-signed {tmp}/p.pdf --register {tmp}/one/register.db --trust {trust} --by 王科长 \
    --credential {archive}
extend {tmp}/s.pdf -o {tmp}/lta.pdf --level B-LTA --trust {trust} --tsa {tsa}
verify {tmp}/lta.pdf --trust {trust}
1 verify {tmp}/lta.pdf {tmp}/a.pdf {tmp}/one --complete --html {tmp}/v.html --xml {tmp}/v.xml \
    --extract-signed {tmp}/signed
verify {tmp}/one/s.pdf --trust {trust} --register {tmp}/one/register.db
batch new {roster} -o {tmp}/new/job.yaml --no-input --date 2018-05-10 --form personal-pledge
batch check {tmp}/new/job.yaml
batch run {tmp}/new/job.yaml --workers 1
batch run {tmp}/new/job.yaml --workers 1 --check-files
8 batch run {badjob} --workers 1
batch status {job}
batch check {job}
batch print {job} -o {tmp}/again.pdf --xlsx {tmp}/who.xlsx
batch print {job} -o {tmp}/unit.pdf --unit 某市普查办 --duplex --no-marks
1 register add-scans {scan} --register {register} --by 王科长 --dry-run
1 register add-scans {scan} --register {register} --by 王科长 --review {tmp}/review
register add-paper --register {register} --staff-no P004 --scan {sheet4} --by 王科长
register list --register {register}
register list --register {register} --replaced
register retract --register {register} --staff-no P004 --reason 扫描有误 --by 王科长
register export --register {register} -o {tmp}/r.xlsx
register export --register {register} -o {tmp}/r.csv --omit-ids
1 register coverage --job {job} --xlsx {tmp}/open.xlsx
1 register coverage --register {register} --roster {people}
register verify --register {register} --files {output} --trust {trust}
register verify --register {register} --signer {sealcert} --trust {trust}
register change-signer --register {register} --to {archive}
archive create {output} -o {tmp}/bag --credential {archive} --trust {trust} --tsa {tsa} --include-unsigned
archive verify {tmp}/bag --trust {trust} --four {tmp}/four.html
archive timestamp {tmp}/bag --tsa {tsa} --trust {trust}
archive renew {tmp}/bag --tsa {tsa} --trust {trust} --hash sha512
archive status {tmp}/bag
1 archive status {tmp}/bag --within 40000
archive extract {tmp}/bag {inbag} -o {tmp}/extracted
archive hand-over {tmp}/bag --credential {archive} --sender 普查办 --receiver 档案馆 --by 张伟
archive seal {tmp}/bag --recipient {recipient} -o {tmp}/sealed
archive open {tmp}/sealed -o {tmp}/opened --credential {opener}
archive receive {tmp}/opened/bag --trust {trust} --list {tmp}/bag.transfer/transfer-list.json \
    --credential {archive} --by 李娜
archive due {tmp}/bag --years 10
archive destroy {tmp}/bag --years 10 --before-due --approved-by 王芳 --witness 李娜 --reason 期满 --by 张伟 \
    --credential {archive} --trust {trust}
register rebuild {lost} --job {lostjob} --by 张伟 --yes
register accept --register {lost}/register.db --by 张伟 --yes
ledger new --ledger {ledger} --office 普查办 --credential {archive}
ledger add --ledger {ledger} --kind 收文 --date 2018-05-02 --item A-001 --title 通知 --label 敏感 --copies 5 \
    --giver 省普查办 --receiver 张伟
ledger import --ledger {ledger} {entries}
ledger list --ledger {ledger}
ledger list --ledger {ledger} --kind 传阅 --name 李娜
ledger holders --ledger {ledger} --at 2018-05-12
1 ledger overdue --ledger {ledger} --at 2018-05-30
1 ledger leaver 张伟 --ledger {ledger}
1 ledger leaver 刘洋 --ledger {ledger}
ledger training --ledger {ledger} --roster {people} --topic 保密知识 --date 2018-05-16
ledger inspect --ledger {ledger} --blank {tmp}/blank.xlsx
ledger inspect --ledger {ledger} --sheet {sheet} --date 2018-05-31 --held-by 保密办
ledger inspect --ledger {ledger} --report {tmp}/report.pdf --year 2018
ledger draw --ledger {ledger} --count 1 --candidates {tmp}/candidates.txt
ledger export --ledger {ledger} --to 2018-05-31 -o {tmp}/may.xlsx
ledger export --ledger {ledger} -o {tmp}/all.pdf
ledger close --ledger {ledger} --through 2018-05-31 -o {tmp}/closing
ledger verify --ledger {ledger} --trust {trust} --known {tmp}/closing
ledger change-signer --ledger {ledger} --to {seal}
web authority init --name 普查办 --home {tmp}/home
web user add wang --role officer --display 王芳 --password-file {password} --home {tmp}/home
web user list --home {tmp}/home
web user disable wang --home {tmp}/home
web backup -o {tmp}/backup.tar --home {tmp}/home
web restore {tmp}/backup.tar --home {tmp}/restored
"""
"""One call a line, in order, with the exit code before it where that is not 0."""

_CALLS = [" ".join(line.split()) for line in RUNS.replace("\\\n", " ").strip().splitlines()]
_ELSEWHERE = {("demo",), ("web",)}
"""Not walked here: the demo runs for minutes, the server does not end."""
_GIVEN = {
    "": "LibreOffice Python Gm fontconfig HanaMinA HanaMinB Cambria rsa wang archive bag transfer ers tsr",
    "forms show": "position unit pledger",
    "forms check": "Word",
}
"""Names of programs, fonts, algorithms, files and people; where ids are asked for, these, too."""
ENTRIES = """事项,编号,时间,份数,交出人,接收人,审批人,承办人,应退回时间
传阅,A-001,2018-05-04,1,张伟,李娜,,,2018-05-11
复制,A-001,2018-05-14,1,张伟,李娜,赵主任,王芳,
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """A job of five people that was printed."""
    return print_job(tmp_path_factory.mktemp("chinese"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is written."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def results(
    written: Path, pki: ExamplePki, services: Responder, printed: Printed
) -> Iterator[Mapping[str, Result]]:
    """Run everything once, in order."""
    places = _places(written, pki, services, printed)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AGREEGEN_LANG", "AGREEGEN_FORMS", "LC_ALL"):
            patch.delenv(name, raising=False)
        for name, value in (("LANG", "zh_CN.UTF-8"), ("COLUMNS", "160")):
            patch.setenv(name, value)
        yield {line: _run(line, places) for line in _CALLS}


def _run(line: str, places: Mapping[str, object]) -> Result:
    words = [word.format_map(places) for word in shlex.split(line)]
    if words[0].isdigit():
        del words[0]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    return Result(code, out.getvalue(), err.getvalue())


def _places(tmp: Path, pki: ExamplePki, services: Responder, printed: Printed) -> dict[str, object]:
    """What the lines name."""
    texts = {
        "roster.csv": "姓名,编号,身份证号\n张伟,HN0001,\n李秀英,HN0002,11010519491231002X\n",
        "people.csv": "姓名,编号,单位,是否参加\n李娜,HN0002,普查办,是\n刘洋,HN0003,普查办,否\n",
        "entries.csv": ENTRIES,
        "sheet.csv": "自查内容,分值,得分,问题,整改\n台账与实物相符,50,40,一件未登记,补登\n",
        "cells.csv": "姓名,编号,身份证号\n张伟,HN 1,123\n,HN0002,\n李四,HN0003,\n",
        "password": "correct horse battery staple\n",
    }
    for name, text in texts.items():
        (tmp / name).write_text(text, "utf-8")
    document = docx.Document()
    document.add_paragraph("本人____承诺：保守秘密。日期：____年__月__日")
    document.save(str(tmp / "word.docx"))
    own = printed.copy(tmp).job
    lost = tmp / "lost"
    shutil.copytree(own.path.parent, lost, symlinks=True)
    for path in (lost / "out").glob("register.db*"):
        path.unlink()
    (tmp / "bad").mkdir()
    (tmp / "trust").mkdir()
    for number, folder in enumerate((pki.trust, own.path.parent / "pki/trust")):
        for path in folder.iterdir():
            shutil.copy(path, tmp / f"trust/{number}-{path.name}")
    return {
        **{Path(name).stem: tmp / name for name in texts},
        "tmp": tmp,
        "tsa": services.tsa_url,
        "pledge": SAMPLES / "pledge.yaml",
        "word": tmp / "word.docx",
        "job": own.path,
        "badjob": write_job(tmp / "bad", pki, tmp / "cells.csv"),
        "output": own.output,
        "register": own.register_file,
        "inbag": _name_in_bag(own.documents_folder),
        "scan": printed.scan(tmp / "scan.pdf", ("P003", "P001"), ("P002",)),
        "lost": lost / "out",
        "lostjob": lost / "job.yaml",
        "ledger": tmp / "office/ledger.db",
        "trust": tmp / "trust",
        "seal": pki.credential("unit-seal"),
        "archive": pki.credential("archive-seal"),
        "person": pki.credential("people/HN0004"),
        "recipient": pki.recipients / "archive-recipient.pem",
        "opener": pki.recipients / "archive-recipient.yaml",
        "jobseal": own.path.parent / "pki/credentials/unit-seal.yaml",
        "sealcert": _certificate(own.path.parent / "pki/credentials/unit-seal.p12", tmp / "seal.pem"),
        "sheet4": printed.scan(tmp / "sheet4.pdf", ("P004",)),
    }


def _name_in_bag(documents: Path) -> str:
    return next(documents.rglob("*.pdf")).relative_to(documents).as_posix()


def _certificate(p12: Path, target: Path) -> Path:
    passphrase = p12.with_suffix(".pass").read_bytes().strip()
    found = pkcs12.load_pkcs12(p12.read_bytes(), passphrase).cert
    assert found is not None
    target.write_bytes(found.certificate.public_bytes(Encoding.PEM))
    return target


def words_of_english(line: str, text: str) -> list[str]:
    """Return the words of a text that are no names: one alone would be read as English, too."""
    given = {word for call, words in _GIVEN.items() if line.startswith(call) for word in words.split()}
    return [word for word in re.findall(r"[A-Za-z]{2,}", without_names(text)) if word not in given]


@pytest.mark.parametrize("line", _CALLS)
def test_a_run_speaks_chinese(results: Mapping[str, Result], line: str) -> None:
    """What it prints, at length and in tables."""
    result = results[line]
    code = re.match(r"(\d+) ", line)
    assert result.code == int(code[1] if code else 0), result.err
    assert words_of_english(line, result.out + result.err) == []
    assert re.search("[\u4e00-\u9fff]", result.out + result.err)


@pytest.mark.parametrize(
    "name", ["v.html", "four.html", "bag/data/verification-report.html", "new/job-output/report.html"]
)
def test_a_report_speaks_chinese(results: Mapping[str, Result], written: Path, name: str) -> None:
    """What the inspector opens."""
    assert results
    page = (written / name).read_text("utf-8")
    assert '<html lang="zh' in page
    seen = re.sub(r"<style>.*?</style>|<[^>]*>", "\n", page, flags=re.DOTALL)
    assert [line for line in seen.splitlines() if english(line)] == []


def test_every_command_is_run() -> None:
    """A new command is walked, too."""
    groups = {path[:length] for path in COMMANDS for length in range(len(path))}
    run_here = {path for path in COMMANDS for line in _CALLS if _calls(line, path)}
    assert set(COMMANDS) - groups - run_here == _ELSEWHERE - groups


def _calls(line: str, path: tuple[str, ...]) -> bool:
    words = [word for word in line.split() if not word.isdigit()]
    return tuple(words[: len(path)]) == path
