"""The edge's driver for HAProxy."""
