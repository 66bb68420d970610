"""What Mainstay costs, measured; `python -m benchmarks` runs all and writes `benchmarks/results/`."""
