"""Archive bags: written, signed, verified; stamped and renewed; handed over, received, kept and destroyed."""
