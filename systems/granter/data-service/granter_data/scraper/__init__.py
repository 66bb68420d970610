"""The scraper: visits the sources page by page and stores the grants read from their notices."""
