"""Parameter files and rosters: YAML, CSV, XLSX and XLS in, typed rows and located complaints out."""
