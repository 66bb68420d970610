"""GRANTER's data-service: gathers grant notices from a listing site and answers searches over them."""
