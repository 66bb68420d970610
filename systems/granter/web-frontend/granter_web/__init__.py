"""GRANTER's web-frontend: two pages, to search grants and to read one."""
