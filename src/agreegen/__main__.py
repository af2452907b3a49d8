"""`python -m agreegen` is the same program as `agreegen`.

Worker processes load the module that the program began in once more, so this one loads nothing by itself.
"""

from __future__ import annotations

import atexit
import os
import sys


def main() -> None:
    """Run the program."""
    codes: list[int] = []
    atexit.register(_end_at_once, codes)  # the first, so that it is the last to run
    from agreegen.cli.main import run  # noqa: PLC0415 - see above

    codes.append(run())
    sys.exit(codes[0])


def _end_at_once(codes: list[int]) -> None:
    """End the process where its work is done, its files are closed and all others had their say.

    Python would go on to look for garbage among all objects and free each by itself, a tenth of a command.
    Where the output cannot be written, or the program ended in another way, it does.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if codes:
        os._exit(codes[0])


if __name__ == "__main__":
    main()
