"""Runs of thousands of frames."""
