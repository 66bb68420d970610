"""The protocols of targets, on which services run, and the drivers that implement them."""
