"""`python -m agreegen` is the same program as `agreegen`.

Worker processes load the module that the program began in once more, so this one loads nothing by itself.
"""

from __future__ import annotations


def main() -> None:
    """Run the program."""
    from agreegen.cli.main import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
