"""The credentials that all rows of a job share: loaded once, checked, and kept where they must stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.workers.key_holder import KeyHolder
from agreegen.messages import Message
from agreegen.pki.signer_pin import fingerprint
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.interface import Credential, Prompt, Trust


@dataclass(slots=True)
class SharedKeys:
    """The credentials that all rows share.

    Attributes:
        holder: Holds them.
        by_index: By index into `Job.signatures`.
        shareable: Which of them a worker loads by itself.
        head: Signs the heads of the register, if any.
        archive: Signs the bags, if any.
        trust: Anchors and revocation lists.
        findings: What deserves a look about them, without doubles.
    """

    holder: KeyHolder
    by_index: dict[int, Credential] = field(default_factory=dict)
    shareable: set[int] = field(default_factory=set)
    head: Credential | None = None
    archive: Credential | None = None
    trust: Trust = field(default_factory=Trust)
    findings: list[Message] = field(default_factory=list)

    def check(self, credential: Credential, trust: Trust, now: datetime) -> None:
        """Check a credential that was loaded, and keep what deserves a look."""
        found = [finding.message for finding in check_credential(credential, trust, now)]
        self.findings.extend(text for text in found if text not in self.findings)


def load_keys(
    job: Job,
    holder: KeyHolder,
    trust: Trust,
    now: datetime,
    prompt: Prompt | None,
    *,
    elsewhere: bool = False,
) -> SharedKeys:
    """Load the credentials that all rows share; `elsewhere`: those without a file here are the workers'."""
    keys = SharedKeys(holder, trust=trust)
    for index, signature in enumerate(job.signatures):
        if not signature.personal:
            path = Path(signature.credential.replace("{{", "{").replace("}}", "}"))
            if elsewhere and not path.is_file():
                continue
            credential, shareable = holder.load(path, prompt=prompt)
            keys.check(credential, trust, now)
            keys.by_index[index] = credential
            if shareable:
                keys.shareable.add(index)
    loaded = {credential.path: credential for credential in keys.by_index.values()}

    def load(path: Path) -> Credential:
        if path not in loaded:
            loaded[path], _ = holder.load(path, prompt=prompt)
            keys.check(loaded[path], trust, now)
        return loaded[path]

    if job.archive is not None:
        keys.archive = load(job.archive.credential)
    if job.register_credential is not None:
        keys.head = load(job.register_credential)
    else:
        keys.head = keys.archive or next(iter(keys.by_index.values()), None)
    return keys


def shared_certificates(job: Job, keys: SharedKeys) -> dict[str, frozenset[str]]:
    """Return, by role, the SHA-256 of the certificate that signs it for everybody."""
    return {
        job.signatures[index].role: frozenset({fingerprint(credential.certificate_der)})
        for index, credential in keys.by_index.items()
    }
