"""Run an environment on one machine: the supervisor and its client, instances, jobs, desired state and logs."""
