"""The trace of a request (W3C Trace Context): the edge passes on a valid `traceparent`, or begins a new trace."""

from mainstay.drivers.edge.haproxy.config.syntax import lines, quoted

_VALID = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_NONE = "^00-(0{32}-|[0-9a-f]{32}-0{16}-)"
_NEW = "00-{}{}-{}-01".format(*(f"%[var(req.uuid),xxh64({seed}),hex,lower]" for seed in (1, 2, 3)))
"""A new trace: three hashes of one UUID, because hashes are cheaper than UUIDs. The UUID has 122 random bits."""


def trace_rules() -> str:
    """Return the rules that set a new `traceparent`, and remove `tracestate`, unless the request has a valid one."""
    valid, none = (f"{{ req.hdr(traceparent) -m reg {quoted(each)} }}" for each in (_VALID, _NONE))
    passed_on = f"{{ req.hdr_cnt(traceparent) eq 1 }} {valid} !{none}"
    return lines(
        f"http-request set-var(req.traced) bool(true) if {passed_on}",
        # Set already when the request has no id of its own.
        "http-request set-var(req.uuid) uuid() if !{ var(req.uuid) -m found }",
        "http-request del-header tracestate if !{ var(req.traced) -m bool }",
        f"http-request set-header traceparent {_NEW} if !{{ var(req.traced) -m bool }}",
    )
