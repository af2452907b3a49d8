"""Where foreign bytes meet foreign libraries: breakdowns become exceptions, runaways are confined."""

from agreegen.foreign.containment import BreakdownError, breakdown_as, contained, silence

__all__ = ["BreakdownError", "breakdown_as", "contained", "silence"]
