"""Who may sign when: order, holders, locks, changed documents; nothing is signed otherwise."""

from __future__ import annotations

import io
from datetime import datetime

import pikepdf
import pytest

from agreegen.errors import ExitCode, SigningError
from agreegen.example_pki.responder import Responder
from agreegen.model.document import DeclaredRole
from agreegen.model.report import PadesLevel
from agreegen.signing.appearance.field_appearance import appearance_of
from agreegen.signing.document_reading import read_state
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import BatchSigner, sign_pdf
from agreegen.signing.plain.field_signatures import prepare_quickly
from agreegen.signing.prepared import Prepared, SigningIdentity
from agreegen.signing.services.timestamps import TimestampClient
from tests.unit.signing.conftest import make_pdf

FOUR = tuple(
    DeclaredRole(name, order, required=True)
    for order, name in enumerate(("a_seal", "a_person", "b_seal", "b_person"), start=1)
)


def request(role: str, now: datetime, *, relax: bool = False) -> SigningRequest:
    return SigningRequest(role, PadesLevel.B_B, now, relax_order=relax)


@pytest.fixture(params=[False, True], ids=["classic", "xref-stream"])
def four(request: pytest.FixtureRequest) -> bytes:
    return make_pdf(FOUR, xref_stream=request.param)


def test_four_signatures_in_order(four: bytes, seal: Credential, now: datetime) -> None:
    pdf = four
    for role in FOUR:
        pdf = sign_pdf(pdf, seal, request(role.id, now)).data
    state = read_state(pdf)
    assert state.signed_fields == tuple(role.id for role in FOUR)
    assert state.certified
    with pytest.raises(SigningError, match="has signed this document already"):
        sign_pdf(pdf, seal, request("b_seal", now))


def test_order_is_kept_unless_relaxed(four: bytes, seal: Credential, now: datetime) -> None:
    with pytest.raises(SigningError, match="a_seal, a_person must sign first") as caught:
        sign_pdf(four, seal, request("b_seal", now))
    assert caught.value.exit_code is ExitCode.SIGNING
    early = sign_pdf(four, seal, request("b_seal", now, relax=True)).data
    with pytest.raises(SigningError, match="too late for a_seal"):
        sign_pdf(early, seal, request("a_seal", now))
    assert sign_pdf(early, seal, request("a_seal", now, relax=True)).data


def test_the_last_required_role_locks_and_so_signs_last(four: bytes, seal: Credential, now: datetime) -> None:
    """However the order is relaxed: after it nobody could sign."""
    for role in ("b_seal", "a_person"):
        with pytest.raises(
            SigningError, match=r"b_person locks the document and signs last: .*must sign first"
        ):
            sign_pdf(four, seal, request("b_person", now, relax=True))
        four = sign_pdf(four, seal, request(role, now, relax=True)).data
    four = sign_pdf(four, seal, request("a_seal", now, relax=True)).data
    assert sign_pdf(four, seal, request("b_person", now, relax=True)).data


def test_nobody_signs_after_the_lock(seal: Credential, person: Credential, now: datetime) -> None:
    """Here an optional role stands before the one that locks; it may be left out, and is out then."""
    locked = sign_pdf(make_pdf(), person, request("pledger", now)).data
    with pytest.raises(SigningError, match="locks the document"):
        sign_pdf(locked, seal, request("unit", now, relax=True))


@pytest.mark.parametrize("xref_stream", [False, True])
def test_roles_and_holders(
    xref_stream: bool, seal: Credential, person: Credential, trust: Trust, now: datetime
) -> None:
    pdf = make_pdf(xref_stream=xref_stream)
    with pytest.raises(SigningError, match="no role mayor") as caught:
        sign_pdf(pdf, seal, request("mayor", now))
    assert caught.value.hint == "its roles are: unit, pledger"
    with pytest.raises(SigningError, match="another holder"):
        sign_pdf(pdf, seal, request("pledger", now))
    assert sign_pdf(pdf, person, request("pledger", now)).level is PadesLevel.B_B


def test_a_changed_document_is_not_signed_on(seal: Credential, person: Credential, now: datetime) -> None:
    signed = sign_pdf(make_pdf(), seal, request("unit", now)).data
    flipped = signed.replace(b"/MediaBox [ 0 0 595", b"/MediaBox [ 0 0 596", 1)
    assert flipped != signed
    with pytest.raises(SigningError, match="changed or is broken"):
        sign_pdf(flipped, person, request("pledger", now))
    with pikepdf.open(io.BytesIO(signed)) as opened:
        opened.pages[0].Contents = opened.make_stream(b"1 0 0 rg 0 0 500 500 re f")
        target = io.BytesIO()
        opened.save(target)
    with pytest.raises(SigningError, match="changed or is broken"):
        sign_pdf(target.getvalue(), person, request("pledger", now))


def test_content_added_after_a_signature(seal: Credential, person: Credential, now: datetime) -> None:
    signed = sign_pdf(make_pdf(), seal, request("unit", now)).data
    page = signed.index(b"/Type /Page\n") if b"/Type /Page\n" in signed else signed.index(b"/Type /Page ")
    start = signed.rindex(b" 0 obj", 0, page)
    number = int(signed[:start].split()[-1])
    body = signed[start : signed.index(b"endobj", page)].replace(b"595", b"100")
    at = len(signed)
    previous = int(signed[signed.rindex(b"startxref") :].split()[1])
    root = signed[signed.rindex(b"/Root ") :].split()[1]
    update = b"%d%sendobj\n" % (number, body)
    table = (
        b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 99 /Root %s 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    )
    changed = signed + update + table % (number, at, root, previous, at + len(update))
    with pytest.raises(SigningError, match="does not permit what was changed after it"):
        sign_pdf(changed, person, request("pledger", now))


def test_a_timestamp_over_other_bytes_is_found(
    seal: Credential, person: Credential, services: Responder, now: datetime
) -> None:
    with TimestampClient([TimestampServer(services.tsa_url)]) as client:
        stamped = SigningRequest("unit", PadesLevel.B_T, now)
        signer = BatchSigner(SigningIdentity.of(seal), stamped, token_bytes=client.token_bytes())
        prepared = signer.prepare(make_pdf())
        signature = seal.signer.sign(prepared.attributes)
        good = signer.finish(prepared, signature, token=client.timestamp(signature)).data
        bad = signer.finish(prepared, signature, token=client.timestamp(b"another signature")).data
    assert sign_pdf(good, person, request("pledger", now)).level is PadesLevel.B_B
    with pytest.raises(SigningError, match="timestamp over other bytes"):
        sign_pdf(bad, person, request("pledger", now))


def test_foreign_files(seal: Credential, now: datetime) -> None:
    plain = make_pdf((), attachment=False)
    first = sign_pdf(plain, seal, request("approval", now)).data
    state = read_state(first)
    assert state.signed_fields == ("approval",)
    assert state.certified
    with pytest.raises(SigningError, match="already"):
        sign_pdf(first, seal, request("approval", now))
    second = sign_pdf(first, seal, request("second", now)).data
    assert read_state(second).signed_fields == ("approval", "second")


@pytest.mark.parametrize("data", [b"", b"no PDF", b"%PDF-1.7\n%%EOF\n", b"%PDF-1.7\nstartxref\n9\n%%EOF\n"])
def test_what_is_no_pdf(data: bytes, seal: Credential, now: datetime) -> None:
    with pytest.raises(SigningError, match="cannot be read as a PDF"):
        sign_pdf(data, seal, request("unit", now))


def test_encrypted_files_are_refused(seal: Credential, now: datetime) -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf())) as opened:
        opened.save(target, encryption=pikepdf.Encryption(user="", owner="owner"))
    with pytest.raises(SigningError, match="encrypted"):
        sign_pdf(target.getvalue(), seal, request("unit", now))


def test_only_plain_files_go_the_quick_way(seal: Credential, now: datetime) -> None:
    signer = BatchSigner(SigningIdentity.of(seal), request("unit", now))

    def quick(pdf: bytes) -> bool:
        made = prepare_quickly(
            pdf, signer.identity, signer.request, 2000, lambda *_: pytest.fail("invisible")
        )
        return made is not None

    plain = make_pdf()
    assert quick(plain)
    assert not quick(make_pdf(xref_stream=True))
    assert not quick(make_pdf(attachment=False))
    assert not quick(sign_pdf(plain, seal, request("unit", now)).data)
    assert not quick(plain.replace(b"/SigFlags 3", b"/SigFlags 1"))
    assert not quick(plain[:-10])


@pytest.mark.parametrize("visible", [False, True])
def test_further_signatures_of_judged_files_go_the_quick_way_and_come_out_the_same(
    seal: Credential, now: datetime, visible: bool
) -> None:
    pdf = make_pdf(FOUR, visible=visible)
    for role in FOUR:
        signer = BatchSigner(SigningIdentity.of(seal), request(role.id, now))
        appearance = appearance_of(signer.identity, now)

        def quick(data: bytes, *, judged: bool, signer: BatchSigner = signer) -> Prepared | None:
            return prepare_quickly(data, signer.identity, signer.request, 4000, appearance, judged=judged)  # noqa: B023

        assert (quick(pdf, judged=False) is None) == (role is not FOUR[0])
        assert quick(pdf, judged=True) is not None
        assert signer.prepare(pdf, judged=True) == signer.prepare(pdf)
        pdf = sign_pdf(pdf, seal, signer.request).data
    assert quick(pdf, judged=True) is None


def test_a_judged_file_is_still_held_to_roles_and_locks(
    seal: Credential, person: Credential, now: datetime
) -> None:
    once = sign_pdf(make_pdf(FOUR), seal, request("a_seal", now)).data
    with pytest.raises(SigningError, match="a_person must sign first"):
        sign_pdf(once, seal, request("b_seal", now), judged=True)
    with pytest.raises(SigningError, match="has signed this document already"):
        sign_pdf(once, seal, request("a_seal", now), judged=True)
    locked = sign_pdf(make_pdf(), person, request("pledger", now)).data
    with pytest.raises(SigningError, match="locks the document"):
        sign_pdf(locked, seal, request("unit", now, relax=True), judged=True)


@pytest.mark.parametrize(
    "change", [(b"/SigFlags 3", b"/SigFlags 1"), (b"/Reason", b"/reason"), (b"%%EOF\n", b"%%EOF\n\n")]
)
def test_what_is_not_written_as_ours_does_not_go_the_quick_way(
    seal: Credential, now: datetime, change: tuple[bytes, bytes]
) -> None:
    signer = BatchSigner(
        SigningIdentity.of(seal), SigningRequest("a_seal", PadesLevel.B_B, now, reason="同意")
    )
    once = sign_pdf(make_pdf(FOUR), seal, signer.request).data
    head, tail = once[: once.index(b"%%EOF\n")], once[once.index(b"%%EOF\n") :]
    changed = head.replace(*change) + tail.replace(*change)
    assert changed != once
    further = request("a_person", now)
    assert prepare_quickly(
        once, signer.identity, further, 4000, appearance_of(signer.identity, now), judged=True
    )
    made = prepare_quickly(
        changed, signer.identity, further, 4000, appearance_of(signer.identity, now), judged=True
    )
    assert made is None


def test_both_ways_write_the_same_signature(person: Credential, now: datetime) -> None:
    pdf = make_pdf(visible=True)
    asked = SigningRequest("pledger", PadesLevel.B_B, now, reason="承诺（保密）", location="豫州市")
    signer = BatchSigner(SigningIdentity.of(person), asked)
    quick = signer.prepare(pdf)
    slow = signer._prepare_with_pyhanko(pdf, judged=False)
    facts = []
    for prepared in (quick, slow):
        with pikepdf.open(io.BytesIO(prepared.data)) as opened:
            widget = next(f for f in opened.Root.AcroForm.Fields if f.T == "pledger")
            value = widget.V
            references = [(str(r.TransformMethod), str(r.TransformParams.get("/P"))) for r in value.Reference]
            facts.append(
                {
                    "keys": sorted(value.keys()),
                    "reason": str(value.Reason),
                    "location": str(value.Location),
                    "subfilter": str(value.SubFilter),
                    "references": references,
                    "certified": opened.Root.Perms.DocMDP.objgen == value.objgen,
                    "appearance": bytes(widget.AP.N.read_bytes()),
                    "range": [int(n) for n in value.ByteRange] == list(prepared.byte_range),
                    "room": len(bytes(value.Contents)),
                }
            )
    assert facts[0] == facts[1]
    assert facts[0]["reason"] == "承诺（保密）"
    assert facts[0]["range"]


def test_padding_is_zero_and_tight(seal: Credential, now: datetime) -> None:
    signed = sign_pdf(make_pdf(), seal, request("unit", now)).data
    with pikepdf.open(io.BytesIO(signed)) as opened:
        contents = bytes(next(f for f in opened.Root.AcroForm.Fields if f.T == "unit").V.Contents)
    length = int.from_bytes(contents[2:4], "big") + 4
    assert len(contents) - length <= 8
    assert not any(contents[length:])
