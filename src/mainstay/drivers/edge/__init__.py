"""The edge, which receives and forwards requests: control of HAProxy, and certificates from ACME authorities."""
