"""A painting job."""
