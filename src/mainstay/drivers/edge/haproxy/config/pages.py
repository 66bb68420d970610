"""The pages that the edge itself sends."""

HTML = "text/html; charset=utf-8"
BACK_SOON = "<!doctype html><title>Back in a moment</title><h1>Back in a moment</h1><p>Please try again.</p>"
NOT_HERE = "<!doctype html><title>Not found</title><h1>There is nothing here</h1>"
