"""Two small listing sites that announce grants: the outside world, for trying GRANTER out. Needs Python alone."""
