"""What libraries say about an error, for a message of one line."""

_LONGEST = 200  # characters


def one_line(error: object) -> str:
    """An error's message without line breaks, shortened; its class where it has no message."""
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
