"""Where everything lies: names of files, frames, records, certificates."""
