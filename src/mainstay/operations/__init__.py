"""The operations behind the commands: a module for each command, and modules that several commands use."""
