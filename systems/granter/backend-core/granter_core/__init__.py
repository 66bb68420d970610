"""backend-core: accounts, and what people do with grants, in front of the data-service."""
