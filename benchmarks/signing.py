"""Signing: milliseconds a document at every level, beside the raw operation and beside stock pyHanko."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from functools import partial

from agreegen.errors import AgreegenError
from agreegen.model.report import PadesLevel
from agreegen.signing.extend import add_validation_data
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer
from agreegen.signing.pades import BatchSigner
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.services.revocation import EvidenceStore
from agreegen.signing.services.timestamps import TimestampClient
from benchmarks.measure import Result, alternate, time_ms
from benchmarks.samples import UNIT_ROLE, Pledge
from benchmarks.services import services
from benchmarks.setting import Setting
from benchmarks.stock import CachedSigner, Pkcs12, sign_as_in_tutorials
from benchmarks.tokens import measure_token

TITLE = "Signing (RSA-3072 unless said otherwise, one-page pledge, one process)"
DISTANT_TSA_S = 0.05
_CONCURRENT = 32
_FRESH = "B-LTA, evidence asked for anew for each document"
_LEVELS = (PadesLevel.B_T, PadesLevel.B_LT, PadesLevel.B_LTA)


def run(setting: Setting, result: Result) -> None:
    """Measure B-B, the levels with timestamps, tokens, SM2, and a timestamp service that takes 50 ms."""
    pledges = setting.pledges(setting.count(100, 10) + 1)
    _measure_basic(setting, result, pledges)
    try:
        _measure_levels(setting, result, pledges)
        _measure_distant_tsa(setting, result, pledges)
    except (AgreegenError, RuntimeError) as exc:
        result.missing("levels with timestamps", exc)
    for label in ("rsa", "p256"):
        try:
            _measure_pkcs11(setting, result, label)
        except (AgreegenError, OSError, RuntimeError) as exc:
            result.missing(f"PKCS#11 {label}", exc)
    try:
        _measure_sm2(setting, result, pledges)
    except AgreegenError as exc:
        result.missing("SM2", exc)


def sign_one(signer: BatchSigner, credential: Credential, pdf: bytes) -> bytes:
    """Sign one document at B-B, from prepared signer to finished bytes."""
    prepared = signer.prepare(pdf)
    return signer.finish(prepared, credential.signer.sign(prepared.attributes)).data


def batch_signer(
    setting: Setting, credential: Credential, level: PadesLevel, token_bytes: int = 0
) -> BatchSigner:
    """Return a signer as a batch has it."""
    request = SigningRequest(UNIT_ROLE, level, setting.now, setting.trust)
    return BatchSigner(SigningIdentity.of(credential), request, token_bytes=token_bytes)


def _measure_basic(setting: Setting, result: Result, pledges: list[Pledge]) -> None:
    credential = setting.credential()
    signer = batch_signer(setting, credential, PadesLevel.B_B)
    message = signer.prepare(pledges[0].pdf).attributes
    key = Pkcs12.from_credential(setting.pki.credential("unit-seal"))
    cached = CachedSigner(key.load_once(), UNIT_ROLE)
    ours, raw, best = "B-B", "raw RSA-3072 signature", "B-B, pyHanko with key and room kept"
    times = alternate(
        {
            raw: lambda _: credential.signer.sign(message),
            ours: lambda n: sign_one(signer, credential, pledges[n].pdf),
            best: lambda n: cached.sign(pledges[n].pdf),
        },
        setting.count(100, 10),
    )
    stock = "B-B, stock pyHanko"
    times |= alternate(
        {
            stock: lambda n: sign_as_in_tutorials(
                pledges[n].pdf, UNIT_ROLE, key, PadesLevel.B_B, setting.trust
            )
        },
        setting.count(20, 3),
    )
    cached.close()
    credential.close()
    result.add_all(times)
    middle = _medians(times)
    result.compare("B-B against the raw signature (time)", middle[raw], middle[ours], 4, at_most=True)
    result.compare("B-B: stock pyHanko against ours", middle[ours], middle[stock])
    result.compare("B-B: pyHanko with everything kept against ours", middle[ours], middle[best])


def _measure_levels(setting: Setting, result: Result, pledges: list[Pledge]) -> None:
    trust, credential = setting.trust, setting.credential()
    key = Pkcs12.from_credential(setting.pki.credential("unit-seal"))
    with services(setting.pki) as url, TimestampClient([TimestampServer(url)], trust=trust) as client:
        # Asks the services, as stock pyHanko does, but once for the run.
        store = EvidenceStore(now=setting.now)
        signer = batch_signer(setting, credential, PadesLevel.B_T, client.token_bytes())

        def stamped(number: int) -> bytes:
            prepared = signer.prepare(pledges[number].pdf)
            signature = credential.signer.sign(prepared.attributes)
            return signer.finish(prepared, signature, token=client.timestamp(signature)).data

        def extended(level: PadesLevel) -> Callable[[int], object]:
            return lambda n: add_validation_data(stamped(n), level, trust, client, setting.now, store=store)

        def stock(level: PadesLevel) -> Callable[[int], object]:
            return lambda n: sign_as_in_tutorials(pledges[n].pdf, UNIT_ROLE, key, level, trust, url)

        actions: dict[str, Callable[[int], object]] = {
            "raw: one timestamp (the service's own time included)": lambda n: client.timestamp(b"%d" % n),
            "B-T": stamped,
            "B-LT": extended(PadesLevel.B_LT),
            "B-LTA": extended(PadesLevel.B_LTA),
            _FRESH: lambda n: add_validation_data(stamped(n), PadesLevel.B_LTA, trust, client, setting.now),
            **{f"{level}, stock pyHanko": stock(level) for level in _LEVELS},
        }
        times = alternate(actions, setting.count(25, 3))
        store.close()
    credential.close()
    result.add_all(times)
    middle = _medians(times)
    for level in _LEVELS:
        goal = 15 if level is PadesLevel.B_LTA else None
        name = f"{level}: stock pyHanko (fresh context a document) against ours"
        result.compare(name, middle[str(level)], middle[f"{level}, stock pyHanko"], goal)
    result.compare("B-LTA: the same, evidence anew", middle[_FRESH], middle["B-LTA, stock pyHanko"], 15)
    result.notes.append(
        "B-LT and B-LTA: ours keeps the evidence of a chunk, stock pyHanko has a context a document"
    )


def _measure_distant_tsa(setting: Setting, result: Result, pledges: list[Pledge]) -> None:
    count, trust, credential = setting.count(256, 64), setting.trust, setting.credential()
    some = [pledges[number % len(pledges)].pdf for number in range(count)]
    together, one_by_one = [], []
    with services(setting.pki, delay_s=DISTANT_TSA_S) as url:
        servers = [TimestampServer(url)]
        with TimestampClient(servers, trust=trust, concurrency=_CONCURRENT) as client:
            signer = batch_signer(setting, credential, PadesLevel.B_T, client.token_bytes())

            def chunk() -> None:
                prepared = [signer.prepare(pdf) for pdf in some]
                signatures = credential.signer.sign_many([one.attributes for one in prepared])
                for one, value, token in zip(
                    prepared, signatures, client.timestamp_many(signatures), strict=True
                ):
                    if not isinstance(token, bytes):
                        raise token
                    signer.finish(one, value, token=token)

            def single(pdf: bytes) -> None:
                prepared = signer.prepare(pdf)
                signature = credential.signer.sign(prepared.attributes)
                signer.finish(prepared, signature, token=client.timestamp(signature))

            chunk()
            for _ in range(setting.count(5, 2)):
                together.append(1000 * count / time_ms(chunk))
                few = some[: setting.count(20, 5)]
                one_by_one += [1000 / time_ms(partial(single, pdf)) for pdf in few]
    credential.close()
    many = result.add(
        "B-T, timestamps take 50 ms, asked for together", "documents/s", together, f"{_CONCURRENT} at once"
    )
    alone = result.add("B-T, timestamps take 50 ms, one after the other", "documents/s", one_by_one)
    result.compare("50 ms timestamps: together against one after the other", alone.median, many.median, 15)


def _measure_pkcs11(setting: Setting, result: Result, label: str) -> None:
    some = [pledge.pdf for pledge in setting.pledges(12)]
    times = measure_token(setting.folder / f"softhsm-{label}", label, some, setting.count(50, 6), setting.now)
    result.add_all(times)
    middle = list(_medians(times).values())
    name = f"PKCS#11 {label}"
    result.compare(f"{name} against the token's raw signature (time)", middle[0], middle[1])
    result.compare(f"{name}: stock pyHanko against ours", middle[1], middle[2])


def _measure_sm2(setting: Setting, result: Result, pledges: list[Pledge]) -> None:
    credential = setting.credential("sm2-seal")
    signer = batch_signer(setting, credential, PadesLevel.B_B)
    message = signer.prepare(pledges[0].pdf).attributes
    raw, ours = "SM2, raw signature", "SM2"
    times = alternate(
        {
            raw: lambda _: credential.signer.sign(message),
            ours: lambda n: sign_one(signer, credential, pledges[n].pdf),
        },
        setting.count(100, 10),
    )
    credential.close()
    result.add_all(times)
    middle = _medians(times)
    result.compare("SM2 against the raw signature (time)", middle[raw], middle[ours])
    result.notes.append("SM2: stock pyHanko has no SM2 signatures to compare with")


def _medians(times: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}
