"""The section `edge` of a manifest: one module for each of its parts."""
