"""Pure: manifest and facts become a plan."""
