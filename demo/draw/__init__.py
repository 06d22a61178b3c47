"""Everything the project draws by itself; `python -m demo.draw` writes it."""
