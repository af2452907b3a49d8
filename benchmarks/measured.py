"""Starts a program and writes down what it used: `python measured.py OUT.json PROGRAM ARGUMENTS…`.

The kernel counts what a process was before it became another program, so the figure of a program that a large
process starts is that of the large process. This one is small, and imports nothing that is not.
"""

import json
import os
import sys
import time

if __name__ == "__main__":
    begun = time.monotonic()
    child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(child, 0)
    used = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - begun,
        "processor_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is larger than this program
        json.dump(used, file)
