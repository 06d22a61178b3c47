"""The user's config, and what comes of it."""
