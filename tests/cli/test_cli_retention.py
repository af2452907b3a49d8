"""`agreegen archive due` and `destroy`: two people, a dry run first, a signed record, chains that go on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agreegen.api.archives.retention import Retention
from agreegen.archive.retention import destroying
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder
from agreegen.pki.signer_pin import fingerprint
from agreegen.register.interface import DocumentState
from agreegen.register.store import Register
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.detached import sign_detached
from agreegen.signing.interface import Trust
from tests.cli.conftest import Agreegen, Result, files_below
from tests.judges import openssl

YEAR = datetime.now(UTC).year


class Case:
    """A bag that is due, its register, a ledger, and the command that destroys it."""

    def __init__(self, agreegen: Agreegen, pki: ExamplePki, bag: Path, output: Path) -> None:
        self.run, self.pki, self.bag, self.output = agreegen, pki, bag, output
        self.register, self.ledger = output / "register.db", bag.parent / "office/ledger.db"
        self.folder = bag.parent / "bag.destroyed"
        self.people = {"approved-by": "王芳", "witness": "李娜", "by": "张伟", "reason": "保管期满"}
        self.extra: list[object] = ["--register", self.register]
        self.early: tuple[object, ...] = ("--before-due",)  # the bag states no period

    def with_ledger(self) -> Case:
        line = ("ledger", "add", "--ledger", self.ledger, "--office", "办公室", "--by", "王芳")
        entry = ("--kind", "receive", "--title", "通知", "--giver", "省局", "--receiver", "王芳")
        made = self.run(*line, *entry, "--credential", self.pki.credential("unit-seal"))
        assert made.code == 0, made.err
        self.extra += ["--ledger", self.ledger]
        return self

    def destroy(self, *more: object, **people: str) -> Result:
        named = [part for name, text in (self.people | people).items() for part in (f"--{name}", text)]
        sealed = ("--credential", self.pki.credential("archive-seal"), "--trust", self.pki.trust)
        return self.run(
            "archive", "destroy", self.bag, *named, *sealed, *self.extra, *self.early, "--json", *more
        )

    def code(self) -> str:
        result = self.destroy()
        assert result.code == 0, result.err
        assert result.json()["done"] is False
        return str(result.json()["confirm"])

    def verify(self) -> Result:
        return self.run("register", "verify", "--register", self.register, "--trust", self.pki.trust)


@pytest.fixture
def case(agreegen: Agreegen, pki: ExamplePki, bag: Path, own_job: Path) -> Case:
    return Case(agreegen, pki, bag, own_job.parent / "pledges")


def _made_in(bag: Path, year: int, *lines: str) -> None:
    info = bag / "bag-info.txt"
    kept = [line for line in info.read_text("utf-8").splitlines() if not line.startswith("Bagging-Date")]
    info.write_text("\n".join([f"Bagging-Date: {year}-05-10", *lines, *kept]) + "\n", "utf-8")


@pytest.mark.parametrize(
    ("years", "made", "day", "over"),
    [
        ("10", date(2018, 5, 10), date(2028, 12, 31), False),
        ("10", date(2018, 5, 10), date(2029, 1, 1), True),
        ("10", date(2018, 1, 1), date(2029, 1, 1), True),
        ("1", date(2018, 12, 31), date(2020, 1, 1), True),
    ],
)
def test_a_period_begins_with_the_year_after(years: str, made: date, day: date, over: bool) -> None:
    ends = Retention.parse(years).ends(made)
    assert ends is not None
    assert (ends <= day) is over


def test_due_says_which_bags_are(agreegen: Agreegen, bag: Path) -> None:
    def state(*more: object) -> tuple[int, str, str | None]:
        result = agreegen("archive", "due", bag.parent, "--json", *more)
        (found,) = result.json()["bags"]
        return result.code, found["state"], found["ends"]

    assert state() == (0, "unknown", None)
    assert state("--years", 10) == (0, "kept", f"{YEAR + 11}-01-01")
    assert state("--years", "permanent") == (0, "permanent", None)
    _made_in(bag, YEAR - 11)
    assert state("--years", 10) == (1, "due", f"{YEAR}-01-01")
    assert state("--years", 11) == (0, "kept", f"{YEAR + 1}-01-01")
    _made_in(bag, YEAR - 11, "Retention-Years: 30")
    assert state() == (0, "kept", f"{YEAR + 20}-01-01")
    assert state("--years", 5)[1] == "due"
    assert agreegen("archive", "due", bag, "--years", 0).code == 2


def test_a_bag_that_is_named_twice_is_listed_once(
    agreegen: Agreegen, bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bag.parent)
    link = bag.parent / "link"
    link.symlink_to(bag, target_is_directory=True)
    for paths in ((bag, bag.parent), (bag.parent, bag), (bag.name, bag), (bag.parent, link)):
        assert len(agreegen("archive", "due", *paths, "--json").json()["bags"]) == 1, paths


def test_a_job_names_the_years(agreegen: Agreegen, pki: ExamplePki, own_job: Path) -> None:
    job = json.loads(own_job.read_text("utf-8"))
    job["archive"] = {"bags": "bags", "credential": str(pki.credential("archive-seal"))}
    job["archive"]["retention_years"] = "10"
    job["register_credential"] = str(pki.credential("unit-seal"))
    own_job.write_text(json.dumps(job), "utf-8")
    ran = agreegen("batch", "run", own_job)
    assert ran.code in {0, 8}, ran.err
    result = agreegen("archive", "due", "--job", own_job, "--json")
    (found,) = result.json()["bags"]
    assert (found["state"], found["retention"]) == ("kept", "10")
    beside = agreegen("archive", "due", own_job.parent, "--job", own_job, "--json").json()["bags"]
    assert [one["retention"] for one in beside] == ["10"], "where it is found first does not matter"
    assert agreegen("archive", "verify", found["bag"], "--trust", pki.trust).code == 0
    job["archive"]["retention_years"] = "soon"
    own_job.write_text(json.dumps(job), "utf-8")
    assert agreegen("archive", "due", "--job", own_job).code == 3


def test_a_bag_made_by_hand_is_kept_as_its_job_says(
    agreegen: Agreegen, pki: ExamplePki, own_job: Path, tmp_path: Path
) -> None:
    job = json.loads(own_job.read_text("utf-8"))
    job["archive"] = {"bags": "bags", "credential": str(pki.credential("archive-seal"))}
    job["archive"]["retention_years"] = "10"
    job["register_credential"] = str(pki.credential("unit-seal"))
    own_job.write_text(json.dumps(job), "utf-8")
    output = own_job.parent / "pledges"
    line = ("archive", "create", output, "--credential", pki.credential("archive-seal"), "--trust", pki.trust)
    assert agreegen(*line, "-o", tmp_path / "one").code == 0
    assert "Retention-Years: 10" in (tmp_path / "one/bag-info.txt").read_text("utf-8").splitlines()
    own_job.rename(own_job.with_name("elsewhere.yaml"))
    signer = ("--register-credential", pki.credential("unit-seal"))
    assert agreegen(*line, "-o", tmp_path / "two", *signer).code == 0
    assert "Retention-Years" not in (tmp_path / "two/bag-info.txt").read_text("utf-8")


def test_a_form_names_the_years(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    forms = tmp_path / "forms"
    made = agreegen("forms", "new", "my-pledge", "--from", "personal-pledge", "-o", forms)
    assert made.code == 0, made.err
    description = next(forms.rglob("form.yaml"))
    text = description.read_text("utf-8")
    description.write_text(f"{text}retention_years: permanent\n", "utf-8")
    assert agreegen("forms", "show", "my-pledge", "--forms", forms).code == 0
    description.write_text(f"{text}retention_years: 0\n", "utf-8")
    assert agreegen("forms", "show", "my-pledge", "--forms", forms).code == 3


def test_two_different_people_and_a_reason(case: Case) -> None:
    for people in (
        {"witness": "王芳"},
        {"witness": " 王 芳 "},
        {"witness": ""},
        {"approved-by": " "},
        {"reason": ""},
    ):
        assert case.destroy(**people).code == 2, people
    assert case.bag.is_dir()
    assert not case.folder.exists()


def test_a_dry_run_destroys_nothing(case: Case) -> None:
    before = files_below(case.bag.parent), case.register.read_bytes()
    result = case.destroy()
    assert (result.code, result.json()["done"], result.json()["originals"]) == (0, False, 3)
    assert (files_below(case.bag.parent), case.register.read_bytes()) == before
    assert "--confirm" in result.err


def test_only_what_the_dry_run_showed_is_destroyed(case: Case) -> None:
    code = case.code()
    assert case.destroy("--confirm", "0" * 16).code == 2
    assert case.destroy("--confirm", code, reason="别的原因").code == 2
    (case.bag / "data/register.csv").write_bytes(b"changed\n")
    assert case.destroy("--confirm", code).code == 2
    assert case.bag.is_dir()


def test_a_bag_that_is_kept_longer_stays(case: Case) -> None:
    case.early = ()
    assert case.destroy("--years", 10).code == 2
    assert case.destroy("--years", "permanent").code == 2
    early = ("--years", 10, "--before-due")
    code = case.destroy(*early).json()["confirm"]
    assert case.destroy("--confirm", code, *early).code == 0


def test_a_bag_of_which_nobody_says_how_long_it_is_kept_stays(case: Case) -> None:
    """It may be one that is kept for good: somebody has to say the years, or that it goes all the same."""
    case.early = ()
    refused = case.destroy()
    assert refused.code == 2
    assert "--years" in refused.err
    assert "--before-due" in refused.err
    assert case.destroy("--confirm", "0" * 16).code == 2
    _made_in(case.bag, YEAR - 11)
    assert case.destroy("--years", 10).code == 0
    info = case.bag / "bag-info.txt"
    info.write_text(info.read_text("utf-8").replace("Bagging-Date", "Bagged-Once"), "utf-8")
    assert case.destroy("--years", 10).code == 2, "nobody knows from when on"
    assert case.destroy("--before-due").code == 0


def test_a_destruction_leaves_signed_records_and_tombstones(case: Case) -> None:
    case.with_ledger()
    hashes = {path: (case.bag / path).read_bytes() for path in files_below(case.bag)}
    with Register.open(case.register, read_only=True) as register:
        before = register.event_count
        papers = [case.output / row.registration.path for row in register.documents()]
    result = case.destroy("--confirm", case.code())
    assert result.code == 0, result.err
    assert (result.json()["register_documents"], result.json()["ledger_entries"]) == (3, 2)
    assert not case.bag.exists()
    assert not any(path.exists() for path in papers)
    assert files_below(case.folder) == {
        "order.json",
        "order.json.p7s",
        "completion.json",
        "completion.json.p7s",
    }
    for name in ("order.json", "completion.json"):
        right, told = openssl.verify_cms(
            case.folder / f"{name}.p7s", case.folder / name, [case.pki.trust / "root.pem"]
        )
        assert right, told
    order = json.loads((case.folder / "order.json").read_bytes())
    assert {file["path"] for file in order["files"]} == set(hashes)
    assert (order["approved_by"], order["witness"], order["reason"]) == ("王芳", "李娜", "保管期满")
    with Register.open(case.register, read_only=True) as register:
        assert register.event_count > before
        assert {row.state for row in register.documents()} == {DocumentState.DESTROYED}
    assert case.verify().code == 0
    assert case.run("ledger", "verify", "--ledger", case.ledger, "--trust", case.pki.trust).code == 0
    listed = case.run("ledger", "list", "--ledger", case.ledger, "--json").out
    assert all(name in listed for name in ("王芳", "李娜", "张伟", "保管期满"))
    covered = case.run("register", "coverage", "--job", case.output.parent / "job.yaml", "--json").json()
    assert all("was destroyed" in person["reason"] for person in covered["people"]), "or it is made again"
    assert case.run("archive", "due", case.bag.parent, "--json").json()["summary"] == {"destroyed": 1}
    assert case.destroy("--confirm", "0" * 16).code == 2  # destroyed already


def test_a_destroyed_file_that_comes_back_is_found(case: Case) -> None:
    with Register.open(case.register, read_only=True) as register:
        path = case.output / next(iter(register.documents())).registration.path
    data = path.read_bytes()
    assert case.destroy("--confirm", case.code()).code == 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert case.verify().code == 1


def test_a_file_that_became_another_one_stays(case: Case) -> None:
    with Register.open(case.register, read_only=True) as register:
        path = case.output / next(iter(register.documents())).registration.path
    code = case.code()
    path.write_bytes(b"another one")
    result = case.destroy("--confirm", code)
    if result.code == 0:
        assert result.json()["left"] == [path.relative_to(case.output).as_posix()]
    assert path.read_bytes() == b"another one"


def test_the_ledger_wants_a_third_person_before_anything_is_gone(case: Case) -> None:
    case.with_ledger()
    code = case.destroy(by="李娜").json()["confirm"]
    assert case.destroy("--confirm", code, by="李娜").code == 3
    assert case.bag.is_dir()
    assert not case.folder.exists()


def _kill(*_arguments: object) -> None:
    os._exit(9)


def _in_child(call: Callable[[], object]) -> int:
    """Run something in a child process that may end at once, with nothing cleaned up."""
    child = os.fork()
    if child == 0:
        call()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    "step",
    [
        "_give_order",
        "_carry_out",
        "_remove_originals",
        "_remove_bag",
        "record_in_register",
        "enter_in_ledger",
        "_complete",
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_step_it_is_taken_up_again(
    case: Case, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    case.with_ledger()
    code = case.code()
    with monkeypatch.context() as patch:
        real: Callable[..., object] = getattr(destroying, step)

        def killed(*arguments: object, **named: object) -> object:
            if after:
                real(*arguments, **named)
            os._exit(9)

        patch.setattr(destroying, step, killed)
        assert _in_child(lambda: case.destroy("--confirm", code)) == 9
    again = case.destroy("--confirm", code)
    if after and step in ("_complete", "_carry_out"):
        assert again.code == 2  # it was done
    else:
        assert again.code == 0, again.err
        assert again.json()["done"] is True
    assert not case.bag.exists()
    assert case.verify().code == 0
    assert case.run("ledger", "verify", "--ledger", case.ledger, "--trust", case.pki.trust).code == 0
    with Register.open(case.register, read_only=True) as register:
        destroyed = [event for event in register.events() if event.kind.value == "destroyed"]
    assert len(destroyed) == 3
    listed = json.loads(case.run("ledger", "list", "--ledger", case.ledger, "--json").out)
    assert json.dumps(listed, ensure_ascii=False).count('"destroy"') == 1


def test_an_interrupted_destruction_asks_for_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.with_ledger()
    code = case.code()
    with monkeypatch.context() as patch:
        patch.setattr(destroying, "record_in_register", _kill)
        assert _in_child(lambda: case.destroy("--confirm", code)) == 9
    assert case.run("archive", "due", case.bag.parent, "--json").json()["summary"] == {"destruction-begun": 1}
    assert case.destroy("--confirm", code, witness="赵敏").code == 2
    case.extra = ["--register", case.register]
    assert case.destroy("--confirm", code).code == 2  # it was begun with a ledger
    case.extra += ["--ledger", case.ledger]
    dry = case.destroy()
    assert (dry.json()["resumed"], dry.json()["confirm"]) == (True, code)
    assert case.destroy("--confirm", code).code == 0


def test_without_a_register_only_the_bag_goes(case: Case) -> None:
    case.extra = []
    assert case.destroy("--confirm", case.code()).code == 0
    assert not case.bag.exists()
    assert list((case.output / "documents").rglob("*.pdf"))


def test_what_is_no_bag_is_not_destroyed(case: Case, tmp_path: Path) -> None:
    case.bag = tmp_path / "documents"
    case.bag.mkdir()
    (case.bag / "kept.txt").write_text("kept")
    assert case.destroy("--confirm", "0" * 16).code == 2
    shutil.rmtree(case.bag)
    case.bag.symlink_to(case.output)
    assert case.destroy("--confirm", "0" * 16).code == 2
    assert (case.output / "register.db").is_file()


def _begun(case: Case, monkeypatch: pytest.MonkeyPatch, step: str = "record_in_register") -> str:
    """Begin a destruction and end at a step; return its code."""
    code = case.code()
    with monkeypatch.context() as patch:
        patch.setattr(destroying, step, _kill)
        assert _in_child(lambda: case.destroy("--confirm", code)) == 9
    return code


@pytest.mark.parametrize("signature", ["none", "of-another-order", "of-a-stranger"])
def test_an_order_that_somebody_put_there_is_not_carried_out(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signature: str
) -> None:
    """It could name documents that this bag never held, and who destroys would sign for them."""
    _begun(case, monkeypatch, "_remove_originals")
    order = json.loads((case.folder / "order.json").read_bytes())
    order["problems"] = ["changed"]
    (case.folder / "order.json").write_text(json.dumps(order, ensure_ascii=False), "utf-8")
    seal = case.folder / "order.json.p7s"
    if signature == "none":
        seal.unlink()
    if signature == "of-a-stranger":
        stranger = make_example_pki(tmp_path / "other", now=datetime.now(UTC), people=(), key_bits=2048)
        credential = load_credential(stranger.credential("archive-seal"))
        data = (case.folder / "order.json").read_bytes()
        seal.write_bytes(sign_detached(data, credential, datetime.now(UTC), (), trust=Trust()))
    dry = case.destroy()
    assert dry.code == 7
    assert "order" in dry.err
    assert list((case.output / "documents").rglob("*.pdf"))


def test_another_bag_in_the_place_of_the_ordered_one_stays(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _begun(case, monkeypatch, "_carry_out")
    (case.bag / "data/register.csv").write_bytes(b"another bag\n")
    assert case.destroy("--confirm", code).code == 2
    assert (case.bag / "data/register.csv").read_bytes() == b"another bag\n"


def test_a_record_of_a_destruction_must_be_genuine(case: Case) -> None:
    def due(*more: object) -> tuple[int, dict[str, int]]:
        result = case.run("archive", "due", case.bag.parent, "--json", *more)
        return result.code, result.json()["summary"]

    assert case.destroy("--confirm", case.code()).code == 0
    trusted = ("--trust", case.pki.trust)
    assert due() == due(*trusted) == (0, {"destroyed": 1})
    assert due("--trust", case.pki.trust / "sm2-root.pem") == (1, {"destruction-unproved": 1})
    for name, expected in (("archive-seal", (0, "destroyed")), ("unit-seal", (1, "destruction-unproved"))):
        credential = load_credential(case.pki.credential(name))
        credential.close()
        pin = ("--signer", fingerprint(credential.certificate_der))
        assert due(*trusted, *pin) == (expected[0], {expected[1]: 1})
    kept = {path: path.read_bytes() for path in case.folder.iterdir()}
    for name, data in (
        ("order.json", kept[case.folder / "order.json"].replace("李娜".encode(), "刘洋".encode())),
        ("order.json.p7s", kept[case.folder / "completion.json.p7s"]),
        ("completion.json", b"{}"),
    ):
        (case.folder / name).write_bytes(data)
        assert due() == due(*trusted) == (1, {"destruction-unproved": 1}), name
        (case.folder / name).write_bytes(kept[case.folder / name])
    (case.folder / "completion.json.p7s").unlink()
    assert due() == (1, {"destruction-unproved": 1})
    shutil.rmtree(case.folder)
    assert due() == (0, {})
    with Register.open(case.register, read_only=True) as register:  # that one still knows
        assert {row.state for row in register.documents()} == {DocumentState.DESTROYED}


def test_a_bag_is_not_hidden_by_its_name(case: Case) -> None:
    case.bag.rename(case.folder)
    (case.folder / "bag-info.txt").unlink()
    (found,) = case.run("archive", "due", case.folder.parent, "--json").json()["bags"]
    assert (found["bag"], found["state"]) == (str(case.folder), "unknown")


def test_bags_under_one_timestamp_do_not_need_each_other(
    case: Case, services: Responder, tmp_path: Path
) -> None:
    """The others stay provable and renewable; what the destroyed one left proves no more than it did."""
    trusted = ("--trust", case.pki.trust)
    stamping = ("--tsa", services.tsa_url, *trusted)
    other = case.bag.parent / "other"
    line = ("archive", "create", case.output, "-o", other, *trusted)
    assert case.run(*line, "--credential", case.pki.credential("unit-seal")).code == 0
    assert case.run("archive", "timestamp", case.bag, other, *stamping).code == 0
    token = (other / "evidence/token-0001.tsr").read_bytes()
    assert (case.bag / "evidence/token-0001.tsr").read_bytes() == token
    document = next((case.bag / "data/documents").rglob("*.pdf"))
    name = document.relative_to(case.bag / "data/documents")
    for bag in (case.bag, other):
        assert case.run("archive", "extract", bag, name, "-o", tmp_path / f"from-{bag.name}").code == 0
    case.extra = []
    assert case.destroy("--confirm", case.code()).code == 0

    def evidence() -> str:
        result = case.run("archive", "verify", other, *trusted, "--json")
        assert result.code == 0, result.out
        return str(result.json()["evidence"]["state"])

    assert evidence() == "valid"
    assert case.run("archive", "renew", other, *stamping).code == 0
    assert case.run("archive", "renew", other, *stamping, "--hash", "sha512").code == 0
    assert evidence() == "valid"
    for command in (("status",), ("renew", *stamping[:2]), ("extract", name, "-o", tmp_path / "again")):
        line = (command[0], case.bag, *command[1:])
        assert case.run("archive", *line).code != 0
    left = (
        tmp_path / f"from-{case.bag.name}"
    )  # what was handed out before says when this file existed, and nothing else
    record = left / f"{name.name}.ers"
    lists = ("--evidence", left / "crls", "--crl", left / "crls", *trusted)
    checked = case.run("verify", left / name.name, "--evidence", record, *lists, "--json")
    (file,) = checked.json()["files"]
    assert "evidence-fails" not in {alarm["code"] for alarm in file["alarms"]}
    changed = tmp_path / "changed.pdf"  # not another document: a record also proves its sibling in the tree
    changed.write_bytes((left / name.name).read_bytes() + b"\n")
    checked = case.run("verify", changed, "--evidence", record, *lists, "--json")
    (file,) = checked.json()["files"]
    assert "evidence-fails" in {alarm["code"] for alarm in file["alarms"]}
