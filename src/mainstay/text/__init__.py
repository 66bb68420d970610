"""Text for messages: plurals, and the one filter for what may reach a terminal."""
