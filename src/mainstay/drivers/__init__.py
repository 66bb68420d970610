"""External systems, behind protocols; only `wiring` names them."""
