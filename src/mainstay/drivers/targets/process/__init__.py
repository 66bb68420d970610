"""The process target: plain processes on this machine, run by the supervisor, without Docker."""
