"""Credential files: YAML that says where a key is; the key itself comes from the backend of its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from agreegen.errors import AgreegenError, CredentialError
from agreegen.files import read_limited
from agreegen.foreign import breakdown_as
from agreegen.messages import ErrorKind, Message, message
from agreegen.signing.credentials.certificate_files import certificates_of_file
from agreegen.signing.credentials.kinds import KINDS
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.interface import AppearanceSource, Credential, Prompt
from agreegen.yaml_text import MAX_BYTES, compose

_COMMON = frozenset({"kind", "chain", "appearance"})
_CREDENTIAL = message("signing.credential-word")
_MANUAL = message("signing.docs-credentials-md-describes-file")


def load_credential(path: Path, *, prompt: Prompt | None = None, opens: bool = False) -> Credential:
    """Load the key and the certificate that a credential file names.

    Args:
        path: The credential file (YAML).
        prompt: Asks for secrets with `{prompt: true}`; takes the question, returns the answer.
        opens: Whether the key is to open envelopes, instead of signing: of a pair of SM2 certificates the one
            for encryption is taken then.

    Raises:
        CredentialError: The file is wrong, a secret is missing or wrong, the key cannot be had or has no
            certificate.
    """
    config = replace(read_config(path, prompt=prompt), opens=opens)
    with breakdown_as(
        lambda: config.error(
            message("signing.file-breaks-library-reads"), hint=message("signing.export-again")
        )
    ):
        return _load(config)


def _load(config: BackendConfig) -> Credential:
    loaded = _load_key(config)
    try:
        chain = [*loaded.chain_der, *_further_certificates(config)]
        return Credential(
            name=config.name,
            path=config.path,
            kind=config.kind,
            certificate_der=loaded.certificate_der,
            chain_der=tuple(c for c in dict.fromkeys(chain) if c != loaded.certificate_der),
            signer=loaded.signer,
            appearance=picture_named_in(config),
            warnings=tuple(config.warnings),
            sm2_signer_id=loaded.sm2_signer_id,
        )
    except BaseException:
        loaded.signer.close()
        raise


def read_config(path: Path, *, prompt: Prompt | None = None) -> BackendConfig:
    """Read a credential file without touching the key.

    Raises:
        CredentialError: It cannot be read, is not YAML, or has an unknown kind or setting.
    """
    settings = read_settings(path)
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise CredentialError(
            message("signing.credential-unknown-kind", path=path, kind=kind)
            if isinstance(kind, str)
            else message("signing.credential-no-kind", path=path),
            hint=message("signing.write-kind", kinds=tuple(KINDS)),
        )
    unknown = sorted(set(settings) - _COMMON - KINDS[kind].settings)
    if unknown:
        raise CredentialError(
            message("signing.credential-unknown-setting-kind", path=path, unknown=unknown[0], kind=kind),
            hint=message("signing.known", common=tuple(sorted(_COMMON | KINDS[kind].settings))),
        )
    return BackendConfig(path=path, kind=kind, settings=settings, prompt=prompt)


def read_settings(path: Path, what: Message = _CREDENTIAL) -> dict[str, object]:
    """Read a YAML mapping whose scalars stay text; nothing of its content gets into an error.

    Args:
        path: The file.
        what: What it describes, for messages.

    Raises:
        CredentialError: It cannot be read, or is not such a file.
    """
    try:
        data = read_limited(path, MAX_BYTES)
    except OSError as exc:
        raise CredentialError(
            message("signing.cannot-read", what=what, path=path, exc=exc), hint=message("signing.check-path")
        ) from None
    try:
        return _to_settings(compose(data.decode("utf-8-sig")))
    except (yaml.YAMLError, ValueError) as exc:
        # The parser's own message quotes lines of the file, where somebody may have written a secret.
        mark = getattr(exc, "problem_mark", None)
        where = message("signing.line-cannot-read", line=mark.line + 1) if mark is not None else ""
        raise CredentialError(
            message("signing.not-yaml-file", what=what, path=path, where=where), hint=_MANUAL
        ) from None
    except TypeError:
        raise CredentialError(message("signing.not-file", path=path, what=what), hint=_MANUAL) from None


def _to_settings(node: yaml.Node | None) -> dict[str, object]:
    """Return a mapping of texts.

    Raises:
        TypeError: It is no mapping with texts as keys.
        yaml.MarkedYAMLError: A key stands twice.
    """
    settings = _plain(node)
    if not isinstance(settings, dict):
        raise TypeError
    return settings


def _plain(node: yaml.Node | None) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node and node.value
    settings: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise TypeError
        if key.value in settings:
            raise yaml.MarkedYAMLError(
                problem=str(message("yaml_text.key-stands-twice")), problem_mark=key.start_mark
            )
        settings[key.value] = _plain(value)
    return settings


def locks_itself(path: Path) -> bool:
    """Tell whether the key of a credential file becomes unusable after a few wrong PINs."""
    try:
        return KINDS[read_config(path).kind].locks_itself
    except CredentialError:
        return False  # no key was touched: the file itself cannot be used


def _load_key(config: BackendConfig) -> LoadedKey:
    try:
        return KINDS[config.kind].load(config)
    except AgreegenError:
        raise
    except (ValueError, TypeError, OSError) as exc:
        raise config.error(message("signing.key-cannot-loaded", kind=ErrorKind.of(exc))) from None


def _further_certificates(config: BackendConfig) -> list[bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - used here only

    found: list[bytes] = []
    for path in config.files("chain"):
        certificates = certificates_of_file(config, path, message("signing.chain-file"))
        found.extend(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    return found


def picture_named_in(config: BackendConfig) -> AppearanceSource | None:
    """Return the picture that a credential file names, without touching the key; None where it names none.

    Raises:
        CredentialError: It is named wrongly, or is not there.
    """
    if not config.has("appearance"):
        return None
    appearance = config.settings["appearance"]
    if not isinstance(appearance, dict) or len(appearance) != 1:
        config.fail(message("signing.appearance-must-one-seal-file-or"))
    kind, name = next(iter(appearance.items()))
    if kind not in ("seal", "signature") or not isinstance(name, str):
        config.fail(message("signing.appearance-must-one-seal-file-or"))
    image = config.folder / name
    if not image.is_file():
        config.fail(
            message("signing.picture-not", image=image), hint=message("signing.png-or-one-page-pdf-expected")
        )
    return AppearanceSource(image)
