"""Benchmarks of Mainstay; `python -m benchmarks` runs all of them and writes `benchmarks/results/`."""
