"""Field types: parse, normalise, validate and mask what people write into parameter files and rosters."""
