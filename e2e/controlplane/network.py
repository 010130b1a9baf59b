"""Free ports on loopback and small HTTP probes."""

import http.client
import socket
import ssl


def free_ports(count: int) -> list[int]:
    """Ports that were free just now; all are held until the last is found, so they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def answers_ok(port: int, path: str, context: ssl.SSLContext | None = None) -> bool:
    """Whether GET on loopback answers 200 within two seconds."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=context)
        if context
        else http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
