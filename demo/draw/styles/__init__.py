"""The demo's style pictures, one module each; its function draw() draws the picture."""
