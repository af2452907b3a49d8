"""openssl as a judge of CMS signatures and RFC 3161 tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agreegen.programs import run_program


def verify_cms(
    signature: Path, content: Path, anchors: Sequence[Path], *, cades: bool = True
) -> tuple[bool, str]:
    """Verify a detached CMS signature (DER); return the verdict and what openssl said.

    Args:
        signature: The CMS, DER.
        content: The signed bytes.
        anchors: PEM files with trust anchors.
        cades: Demand the CAdES signing-certificate attribute (`-cades`).
    """
    command: list[str | Path] = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature]
    command += ["-content", content, "-purpose", "any", "-out", "/dev/null"]
    for anchor in anchors:
        command += ["-CAfile", anchor]
    if cades:
        command.append("-cades")
    done = run_program(command, timeout_s=60)
    return done.status == 0, done.stderr.decode("utf-8", "replace")


def verify_token(token: Path, content: Path, anchors: Sequence[Path]) -> tuple[bool, str]:
    """Verify an RFC 3161 timestamp token over a file; return the verdict and what openssl said.

    Args:
        token: The token (a CMS, not a whole response), DER.
        content: The stamped bytes.
        anchors: PEM files with trust anchors.
    """
    command: list[str | Path] = ["openssl", "ts", "-verify", "-token_in", "-in", token, "-data", content]
    for anchor in anchors:
        command += ["-CAfile", anchor]
    done = run_program(command, timeout_s=60)
    return done.status == 0, (done.stdout + done.stderr).decode("utf-8", "replace")


def signed_parts(pdf: bytes, byte_range: tuple[int, int, int, int]) -> tuple[bytes, bytes]:
    """Return the signed bytes of a PDF signature and its CMS, for `verify_cms`.

    Args:
        pdf: The whole file.
        byte_range: The signature's /ByteRange.
    """
    start, length, second, second_length = byte_range
    contents = bytes.fromhex(pdf[start + length + 1 : second - 1].decode("ascii"))
    size = (
        2 + contents[1]
        if contents[1] < 0x80
        else 2 + (contents[1] & 0x7F) + int.from_bytes(contents[2 : 2 + (contents[1] & 0x7F)], "big")
    )
    return pdf[start : start + length] + pdf[second : second + second_length], contents[:size]
