"""Render HAProxy's configuration. `render` assembles the sections; each other module renders one part of them."""
