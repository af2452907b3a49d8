"""Security stores in every honest form of an update."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable

import pikepdf

from tests.attacks.documents import certified, signed
from tests.attacks.increments import size_of, stream
from tests.attacks.signer import base_document, sign
from tests.attacks.updates import Form, store_objects, stored, write


def linearized() -> bytes:
    """Return the base document, linearized as qpdf does it."""
    with pikepdf.open(io.BytesIO(base_document())) as pdf:
        target = io.BytesIO()
        modes = pikepdf.ObjectStreamMode.disable
        pdf.save(target, linearize=True, object_stream_mode=modes, compress_streams=False, static_id=True)
    return target.getvalue()


@functools.cache
def encrypted() -> bytes:
    """Return a signed document that opens without a password (AES-128, whose key depends on the ID)."""
    with pikepdf.open(io.BytesIO(base_document())) as pdf:
        target = io.BytesIO()
        pdf.save(target, encryption=pikepdf.Encryption(owner="owner", user="", R=4), compress_streams=False)
    return sign(target.getvalue(), password="", reserved=16384)


def encrypted_update() -> bytes:
    """Append an object without strings and streams, which would have to be encrypted."""
    return write(encrypted(), {size_of(encrypted()): b"<< >>"})


def _more(data: bytes, *texts: bytes) -> dict[int, bytes]:
    return {size_of(data) + 2 + at: text for at, text in enumerate(texts)}


def form_of_length() -> bytes:
    """The length of a stream is an object of its own, behind it."""
    data = signed()
    own = size_of(data) + 2
    body = b"<< /Length %d 0 R >>\nstream\n%s\nendstream" % (own + 1, b"x" * 17)
    return stored(data, more={own: body, own + 1: b"17"})


def everything_packed() -> bytes:
    data = signed()
    plain = {number for number, text in store_objects(data).items() if b"stream" not in text}
    return stored(data, Form(section="stream", packed=frozenset(plain)))


def store_of_a_linearized_file() -> bytes:
    return stored(sign(linearized(), strict=False))


def spare_section_stream() -> bytes:
    """PDFBox writes the cross-reference stream of the revision before once more, as an object."""
    data = stored(signed(), Form(section="stream"))
    spare = stream(b"\x00" * 7, b"/Type /XRef /W [1 4 2] /Index [0 1] /Size 1")
    return write(data, {size_of(data): spare}, Form(section="stream"))


FORMS: dict[str, Callable[[], bytes]] = {
    f"form: {name}": functools.partial(stored, base(), form)
    for name, (base, form) in {
        "table": (signed, Form()),
        "table on a certified file": (certified, Form()),
        "lines of two bytes": (
            signed,
            Form(
                head=b"%d %d obj\r\n",
                tail=b"\r\nendobj\r\n",
                entry=b"%010d %05d n\r\n",
                mark=b"startxref\r\n%d\r\n%%%%EOF\r\n",
            ),
        ),
        "carriage returns": (
            signed,
            Form(
                head=b"%d %d obj\r",
                tail=b"\rendobj\r",
                line=b"\r",
                entry=b"%010d %05d n \r",
                mark=b"startxref\r%d\r%%%%EOF\r",
            ),
        ),
        "blank lines": (signed, Form(gap=b"\n\n", opening=b"\n")),
        "entries that name the line end": (signed, Form(opening=b"\n", gap=b"\n", aim=-1)),
        "comment before the first object": (signed, Form(opening=b"%\xe2\xe3\xcf\xd3\n")),
        "comment before the end mark": (signed, Form(closing=b"%iText-5.5.13\n")),
        "line ends behind the file": (signed, Form(trailing=b"\n\n")),
        "stream": (signed, Form(section="stream")),
        "stream that does not list itself": (signed, Form(section="stream", lists_itself=False)),
        "wide rows": (signed, Form(section="stream", widths=(1, 8, 2))),
        "hybrid": (signed, Form(section="hybrid")),
        "larger size than needed": (signed, Form(size=5)),
    }.items()
}
