"""HAProxy's configuration, rendered: one module for each part."""
