"""ClientGone: what a server tells an application that goes on answering."""


class ClientGone(OSError):
    """Nobody reads what is sent: the client has closed its connection, or has not read for long."""
