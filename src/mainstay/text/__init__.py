"""Functions that format text for messages: plurals, quoted lines of output, and text that is safe to print."""
