"""Live video: sources, the painter, the loop between them, and where painted frames go."""
