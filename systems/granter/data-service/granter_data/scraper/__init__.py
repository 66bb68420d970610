"""The scraper: walks over the listing site page by page and keeps what the rules read from its notices."""
