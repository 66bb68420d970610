"""The scraper: walks over the sources page by page and keeps what is read from their notices."""
