"""Films, sound and picture files: everything done with ffmpeg and image libraries."""
