"""GRANTER's web-frontend: the pages on which people search grants, read them, and save their searches."""
