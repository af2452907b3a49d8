"""What `verify` says years later, for each PAdES level: the clock moves past signer and timestamp service."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.report import FileReport, Indication, PadesLevel
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.extend import extend_pdf
from agreegen.signing.interface import SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365)


@dataclass(slots=True)
class Years:
    """One file at each level, made now; one renewed in year four, one in year eight, too."""

    trust: Trust
    files: dict[str, bytes] = field(default_factory=dict)
    lists: dict[float, tuple[bytes, ...]] = field(default_factory=dict)

    def judge(self, name: str, years: float) -> FileReport:
        # A recipient of any year has that year's revocation lists, in which nobody stands.
        lists = self.lists[years]
        options = Options(now=NOW + years * YEAR, anchors_der=self.trust.anchors_der, crls_der=lists)
        return verify_bytes(name, self.files[name], options)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Years:
    folder = tmp_path_factory.mktemp("years")
    first = make_example_pki(folder / "first", now=NOW, people=(), port=free_port())
    second = make_example_pki(folder / "second", now=NOW + 4 * YEAR, people=(), port=free_port())
    third = make_example_pki(folder / "third", now=NOW + 8 * YEAR, people=(), port=free_port())
    both = Trust((*_anchors(first), *_anchors(second), *_anchors(third)))
    years = Years(both)
    clock = [NOW]
    with Responder(first.folder, clock=lambda: clock[0]) as services:
        tsa = (TimestampServer(services.tsa_url),)
        credential = load_credential(first.credential("unit-seal"))
        plain = SigningRequest("unit", PadesLevel.B_B, NOW, both)
        years.files["B-B"] = sign_pdf(make_pdf(), credential, plain).data
        stamped = SigningRequest("unit", PadesLevel.B_T, NOW, both, tsa)
        years.files["B-T"] = sign_pdf(make_pdf(), credential, stamped).data
        clock[0] = NOW + timedelta(hours=9)
        for level in (PadesLevel.B_LT, PadesLevel.B_LTA):
            data = extend_pdf(years.files["B-T"], level, trust=both, tsa=tsa, now=clock[0]).data
            years.files[level.value] = data
        clock[0] = NOW + 4 * YEAR
        with Responder(second.folder, clock=lambda: clock[0]) as later:
            new = (TimestampServer(later.tsa_url),)
            lta = years.files["B-LTA"]
            once = extend_pdf(lta, PadesLevel.B_LTA, trust=both, tsa=new, now=clock[0]).data
            with Responder(third.folder, clock=lambda: clock[0]) as last:
                clock[0] = NOW + 8 * YEAR
                newest = (TimestampServer(last.tsa_url),)
                twice = extend_pdf(once, PadesLevel.B_LTA, trust=both, tsa=newest, now=clock[0]).data
                for year in (1, 4, 4.1, 6, 8.5, 12):
                    clock[0] = NOW + year * YEAR
                    for responder in (services, later, last):
                        responder.publish_crls()
                    lists = load_trust([first.trust, second.trust, third.trust]).crls_der
                    years.lists[year] = lists
    years.files["B-LTA renewed"], years.files["B-LTA renewed twice"] = once, twice
    return years


def _anchors(pki: ExamplePki) -> tuple[bytes, ...]:
    folder: Path = pki.trust
    return load_trust([folder]).anchors_der


VALID, DOUBT = Indication.TOTAL_PASSED, Indication.INDETERMINATE


@pytest.mark.parametrize(
    ("name", "in_year_1", "in_year_4", "in_year_6", "in_year_12"),
    [
        # Signers' certificates last three years, the timestamp service's five, their CA's ten; the second
        # service's lasts to year nine, the third one's to year thirteen.
        ("B-B", VALID, DOUBT, DOUBT, DOUBT),  # nothing proves that it is older than the certificate's end
        ("B-T", VALID, DOUBT, DOUBT, DOUBT),  # the time is proved; nobody tells of an expired certificate
        ("B-LT", VALID, VALID, DOUBT, DOUBT),  # holds as long as its timestamp's certificate
        ("B-LTA", VALID, VALID, DOUBT, DOUBT),  # so does this one, unless it is renewed
        ("B-LTA renewed", None, None, VALID, DOUBT),  # in year four
        ("B-LTA renewed twice", None, None, None, VALID),  # in years four and eight: beyond the CA's end
    ],
)
def test_each_level_holds_as_long_as_it_can(
    years: Years,
    name: str,
    in_year_1: Indication | None,
    in_year_4: Indication | None,
    in_year_6: Indication | None,
    in_year_12: Indication,
) -> None:
    expected = {1: in_year_1, 4: in_year_4, 6: in_year_6, 12: in_year_12}
    for year, indication in expected.items():
        if indication is not None:
            report = years.judge(name, year)
            assert report.signatures[0].indication is indication, (year, report.signatures[0].reasons)
            assert report.unaltered is True


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("B-LTA renewed", 4.1),
        ("B-LTA renewed", 6),
        ("B-LTA renewed", 8.5),
        ("B-LTA renewed twice", 8.5),
        ("B-LTA renewed twice", 12),
    ],
)
def test_a_renewed_file_stays_valid(years: Years, name: str, year: float) -> None:
    report = years.judge(name, year)
    assert report.signatures[0].indication is VALID, report.signatures[0].reasons
    assert report.signatures[0].level is PadesLevel.B_LTA


def test_the_reason_names_what_is_missing(years: Years) -> None:
    report = years.judge("B-B", 4)
    assert report.signatures[0].subindication in {"OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED"}
