"""The edge as a manifest declares it: one module for each part."""
