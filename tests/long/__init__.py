"""Runs that take minutes: trained networks, steadiness, and what is made again."""
