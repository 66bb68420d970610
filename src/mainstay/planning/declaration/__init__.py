"""A resolved release as its manifest declares it: the keys and values that a plan shows of each change."""
