"""Notes: messages shown once, on the page that follows an action."""

NOTES = {
    "registered": "Your account is ready, and you are logged in.",
    "log in": "Log in with your password. If this address was registered before, its password is unchanged.",
    "password": "Your password is changed. Every other log-in has ended.",
    "everywhere": "You are logged out in every browser.",
    "in": "You are logged in.",
    "out": "You are logged out.",
    "saved": "The search is saved.",
    "renamed": "The search is renamed.",
    "forgotten": "The saved search is deleted.",
    "deleted": "Your account and your saved searches are deleted.",
}
