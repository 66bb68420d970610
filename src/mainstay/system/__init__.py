"""Access of the other packages to the operating system: files, locks, processes, ports, users and time."""
