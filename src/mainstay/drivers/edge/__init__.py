"""The edge, which receives requests and forwards them: HAProxy, and certificates from ACME authorities."""
