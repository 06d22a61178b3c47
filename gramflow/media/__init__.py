"""Films, sound and pictures: everything that ffmpeg and image libraries do."""
