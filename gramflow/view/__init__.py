"""What people want to see: estimates, status, measurements, plots."""
