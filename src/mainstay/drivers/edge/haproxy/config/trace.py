"""The trace of a request (W3C Trace Context): the edge passes on a valid `traceparent`, or begins a new trace."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted

_VALID = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_NONE = "^00-(0{32}-|[0-9a-f]{32}-0{16}-)"
_DIGITS = "%[uuid,xxh64,hex,lower]"
"""Sixteen random hexadecimal digits. One hash of a UUID is cheaper than two of HAProxy's 32-bit random numbers."""
_NEW = f"00-{_DIGITS * 2}-{_DIGITS}-01"


def trace_rules() -> str:
    """Return the rules that set a new `traceparent`, and remove `tracestate`, unless the request has a valid one."""
    valid, none = (f"{{ req.hdr(traceparent) -m reg {quoted(each)} }}" for each in (_VALID, _NONE))
    passed_on = f"{{ req.hdr_cnt(traceparent) eq 1 }} {valid} !{none}"
    return lines(
        f"http-request set-var(txn.traced) bool(true) if {passed_on}",
        "http-request del-header tracestate if !{ var(txn.traced) -m bool }",
        f"http-request set-header traceparent {_NEW} if !{{ var(txn.traced) -m bool }}",
    )
