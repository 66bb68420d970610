"""A small listing site that announces grants: the outside world, for trying GRANTER out. Needs Python alone."""
