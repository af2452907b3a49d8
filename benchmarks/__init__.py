"""Benchmarks: every claim about speed, measured in one run on one machine beside what it is compared with."""
