"""Pure functions that judge a release by the errors and times of its requests, and a response by a smoke flow."""
