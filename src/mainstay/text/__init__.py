"""Text for messages: plurals, and the filter for text that is printed on a terminal."""
