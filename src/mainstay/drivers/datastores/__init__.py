"""The protocols of datastores, and the drivers that implement them."""
