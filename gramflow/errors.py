"""The one error a user is meant to read."""


class GramflowError(Exception):
    """Something the user can put right.

    The message is one line: the config entry first ("videos.room.path: ..."), then what is
    wrong, then what to do.
    """
