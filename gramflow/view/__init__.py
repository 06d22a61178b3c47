"""What people look at: estimates, forecasts, status, verification, measurements, plots."""
