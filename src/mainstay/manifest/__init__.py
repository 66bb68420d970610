"""The user's file as frozen values."""
