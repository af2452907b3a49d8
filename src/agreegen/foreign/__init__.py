"""Where foreign bytes meet foreign libraries: breakdowns become exceptions, runaways are confined."""

from agreegen.foreign.breakdowns import BreakdownError, breakdown_as, contained, silence

__all__ = ["BreakdownError", "breakdown_as", "contained", "silence"]
