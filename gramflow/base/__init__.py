"""Shared basics: errors, atomic files, progress lines, picture arrays, memory limits."""
