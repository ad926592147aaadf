"""A server on a port of this machine, and requests that no well-behaved client would send."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


@contextlib.contextmanager
def listening(app: FastAPI) -> Iterator[int]:
    """The port that the application answers at."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False,
                            proxy_headers=False, timeout_graceful_shutdown=1)  # fmt: skip
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as place:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            port = place.getsockname()[1]
            for _ in range(600):
                if server.started and b" 200 " in raw(port, b"GET /ready HTTP/1.1"):
                    break
                time.sleep(0.05)
            yield port
        finally:
            server.should_exit = True
            thread.join()


def raw(port: int, head: bytes, *body: bytes, pause: float = 0.0, host: bool = True) -> bytes:
    """What the server answers to these very bytes; parts of the body after a pause each."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        lines = [head, *([b"Host: localhost"] if host else []), b"Connection: close", b"", b""]
        connection.sendall(b"\r\n".join(lines))
        with contextlib.suppress(OSError):  # it has answered already, and does not listen on
            for part in body:
                connection.sendall(part)
                time.sleep(pause)
        answer = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    return bytes(answer)
