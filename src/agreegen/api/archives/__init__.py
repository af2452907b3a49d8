"""Archive bags: written, signed, verified; stamped and renewed; handed over, received, kept and destroyed."""

from agreegen.api.archives.bags import *
from agreegen.api.archives.envelopes import *
from agreegen.api.archives.handover import *
from agreegen.api.archives.retention import *
