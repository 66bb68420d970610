"""One machine's daemon: the only owner of instances, ports, jobs and slots. It knows no reasons."""
