"""GRANTER's data-service: gathers grant notices from listing sites and answers searches over them."""
