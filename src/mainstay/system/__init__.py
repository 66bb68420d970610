"""The operating system: files, locks, processes, users, time. Everything else is free of it."""
