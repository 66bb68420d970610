"""Planning: gathers the facts about an environment, and makes plans from them by pure functions."""
