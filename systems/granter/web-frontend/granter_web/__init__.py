"""GRANTER's web-frontend: the pages by which people search grants, read them, and keep their searches."""
