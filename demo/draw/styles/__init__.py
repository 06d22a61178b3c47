"""Pictures to take styles from, one module each, drawn by its function draw()."""
