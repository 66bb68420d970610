"""Read the logs of services and the edge, record when their lines were written, and limit their size."""
