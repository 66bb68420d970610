"""Notes: what is told once, on the page that follows a deed."""

NOTES = {
    "registered": "Your account is ready: log in. If you had one with this address already, it is as it was.",
    "in": "You are logged in.",
    "out": "You are signed out.",
    "saved": "The search is saved.",
    "renamed": "The search has its new name.",
    "forgotten": "The saved search is deleted.",
    "deleted": "Your account and your saved searches are deleted.",
}
