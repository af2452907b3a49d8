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
from agreegen.signing.credentials import load_credential
from agreegen.signing.extend import extend_pdf
from agreegen.signing.interface import SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.trust import load_trust
from agreegen.verification.interface import Options
from agreegen.verification.service import verify_bytes
from tests.unit.signing.conftest import make_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365)


@dataclass(slots=True)
class Years:
    """One file at each level, made now; one renewed in year four by another timestamp service."""

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
    both = Trust((*_anchors(first), *_anchors(second)))
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
            renewed = extend_pdf(lta, PadesLevel.B_LTA, trust=both, tsa=new, now=clock[0]).data
            for year in (1, 4, 4.1, 6, 8.5):
                clock[0] = NOW + year * YEAR
                services.publish_crls()
                later.publish_crls()
                years.lists[year] = load_trust([first.trust, second.trust]).crls_der
    years.files["B-LTA renewed"] = renewed
    return years


def _anchors(pki: ExamplePki) -> tuple[bytes, ...]:
    folder: Path = pki.trust
    return load_trust([folder]).anchors_der


VALID, DOUBT = Indication.TOTAL_PASSED, Indication.INDETERMINATE


@pytest.mark.parametrize(
    ("name", "in_year_1", "in_year_4", "in_year_6"),
    [
        # Signers' certificates last three years, the timestamp service's five; the second one's to year nine.
        ("B-B", VALID, DOUBT, DOUBT),  # nothing proves that it is older than the certificate's end
        ("B-T", VALID, DOUBT, DOUBT),  # the time is proved; nobody tells any more of an expired certificate
        ("B-LT", VALID, VALID, DOUBT),  # holds as long as its timestamp's certificate
        ("B-LTA", VALID, VALID, DOUBT),  # so does this one, unless it is renewed
    ],
)
def test_each_level_holds_as_long_as_it_can(
    years: Years, name: str, in_year_1: Indication, in_year_4: Indication, in_year_6: Indication
) -> None:
    found = [years.judge(name, year) for year in (1, 4, 6)]
    assert [report.signatures[0].indication for report in found] == [in_year_1, in_year_4, in_year_6]
    assert [report.unaltered for report in found] == [True, True, True]


@pytest.mark.parametrize("year", [4.1, 6, 8.5])
def test_a_renewed_file_stays_valid(years: Years, year: float) -> None:
    report = years.judge("B-LTA renewed", year)
    assert report.signatures[0].indication is VALID, report.signatures[0].reasons
    assert report.signatures[0].level is PadesLevel.B_LTA


def test_the_reason_names_what_is_missing(years: Years) -> None:
    report = years.judge("B-B", 4)
    assert report.signatures[0].subindication in {"OUT_OF_BOUNDS_NO_POE", "OUT_OF_BOUNDS_NOT_REVOKED"}
