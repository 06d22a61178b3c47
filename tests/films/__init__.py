"""Whole films: painted by networks that are trained first, and how steady they are."""
