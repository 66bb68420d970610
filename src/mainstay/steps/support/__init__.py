"""What steps share: waits, jobs, builds, scripts."""
