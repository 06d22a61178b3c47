"""What every other part needs."""
