"""The driver that runs HAProxy as the edge: its process, configuration, traffic, certificates and access log."""
