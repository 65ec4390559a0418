from __future__ import annotations

import socket
import threading

import pytest
import urllib3
from werkzeug.wrappers import Request, Response

from local.server import serve


@Request.application
def echo(request):
    """Answers with what it received."""
    if request.path == "/empty":
        return Response(status=204)
    return Response(
        f"{request.method} {request.path} {request.args.get('q')} {request.get_data(as_text=True)}"
    )


def stream(_environ, start_response):
    """Answers in two parts, without a length."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one "
    yield b"two"


@pytest.fixture
def pool():
    with urllib3.PoolManager(retries=False) as manager:
        yield manager


def test_requests_reach_the_app_over_one_connection(pool):
    """Path, query and body arrive; the connection is kept and used again."""
    with serve(echo) as served:
        first = pool.request("POST", f"{served.base_url}/caf%C3%A9?q=1", body=b"hello")
        second = pool.request("GET", f"{served.base_url}/next")
        connections = pool.connection_from_url(served.base_url).num_connections

    assert first.data.decode() == "POST /café 1 hello"
    assert second.data.decode() == "GET /next None "
    assert connections == 1


def test_chunked_bodies_and_streams_pass(pool):
    """A chunked request body arrives whole; an answer without a length is sent in chunks."""
    with serve(echo) as served:
        sent = pool.request("POST", served.base_url, body=iter([b"ab", b"cd"]), chunked=True)
    with serve(stream) as served:
        received = pool.request("GET", served.base_url)

    assert sent.data.decode() == "POST / None abcd"
    assert received.data == b"one two"
    assert received.headers["Transfer-Encoding"] == "chunked"


def test_answers_without_body_keep_the_connection(pool):
    """HEAD and 204 send no body, and the next request on the connection works."""
    with serve(echo) as served:
        empty = pool.request("GET", f"{served.base_url}/empty")
        head = pool.request("HEAD", served.base_url)
        after = pool.request("GET", f"{served.base_url}/after")

    assert (empty.status, head.data, after.status) == (204, b"", 200)


def test_only_so_many_requests_run_at_once():
    """With two slots, a third request waits until one of the first two is done."""
    inside = threading.Semaphore(0)
    leave = threading.Event()
    running = []

    @Request.application
    def slow(_request):
        running.append(1)
        inside.release()
        leave.wait(5)
        return Response("done")

    with serve(slow, requests=2) as served, urllib3.PoolManager(maxsize=3, retries=False) as pool:
        threads = [threading.Thread(target=pool.request, args=("GET", served.base_url)) for _ in range(3)]
        for thread in threads:
            thread.start()
        inside.acquire()
        inside.acquire()
        third_got_in = inside.acquire(timeout=0.1)
        leave.set()
        for thread in threads:
            thread.join()

    assert not third_got_in
    assert len(running) == 3


def test_close_frees_the_port_and_cuts_idle_connections():
    """After close() the port is free, open connections have ended, and closing again is harmless."""
    served = serve(echo)
    with socket.create_connection(("127.0.0.1", served.port)) as idle:
        idle.sendall(b"GET /empty HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = idle.recv(1000)
        served.close()
        served.close()

        assert answer.startswith(b"HTTP/1.1 204")
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port))


@pytest.mark.parametrize(("length", "status"), [("many", b"400"), (str(10**9), b"413")])
def test_bodies_that_cannot_be_read_are_refused(length, status):
    """A length that is no number or too large is refused, and the connection is closed."""
    with serve(echo) as served, socket.create_connection(("127.0.0.1", served.port)) as caller:
        caller.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        answer = caller.makefile("rb").read()

    assert answer.split(b" ")[1] == status
