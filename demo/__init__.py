"""The demo's film and pictures, and the program that draws them."""
