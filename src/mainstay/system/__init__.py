"""Access to the operating system: files, locks, processes, users, time. Other packages reach it through this one."""
