"""Notes: what is told once, on the page that follows a deed."""

NOTES = {
    "registered": "Your account is ready: log in. If you had one with this address already, it is as it was.",
    "in": "You are logged in.",
    "out": "You are signed out.",
    "saved": "The search is saved.",
    "forgotten": "The saved search is gone.",
    "deleted": "Your account and your saved searches are deleted.",
}
