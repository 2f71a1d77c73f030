"""TCP and UDP inside: a network of the sandbox's own, for Python's libraries and for the shell (docs/sockets.md)."""

import subprocess
import unittest

import support
from support import TestCase, run


class Sockets(TestCase):
    def assert_prints(self, program, expected, **rest):
        self.assert_ok(run("--quiet", "--", "python3", "-c", program, **rest), expected)

    def test_a_server_and_its_clients(self):
        self.assert_prints("""
import os, socket, socketserver, threading
class Upper(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile: self.wfile.write(line.upper())
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upper) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.create_connection(server.server_address) as client, client.makefile("rw") as file:
        file.write("one\\ntwo\\n"); file.flush()
        print(file.readline(), file.readline(), end="")
    for name in range(3):
        if os.fork() == 0:
            with socket.create_connection(server.server_address) as client:
                client.sendall(f"child {name}\\n".encode())
                os._exit(0 if client.recv(100) == f"CHILD {name}\\n".encode() else 1)
    print(sorted(os.wait()[1] for child in range(3)))
    server.shutdown()
class Echo(socketserver.DatagramRequestHandler):
    def handle(self): self.wfile.write(self.rfile.read()[::-1])
with socketserver.UDPServer(("127.0.0.1", 0), Echo) as server:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"datagram", server.server_address)
    server.handle_request()
    print(client.recvfrom(100) == (b"margatad", server.server_address))
""", "ONE\n TWO\n[0, 0, 0]\nTrue\n")

    def test_http(self):
        self.assert_prints("""
import http.server, os, threading, urllib.error, urllib.request
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201); self.end_headers(); self.wfile.write(str(sum(body)).encode())
os.chdir("/tmp")
with open("page", "wb") as file: file.write(os.urandom(2 << 20))
with http.server.ThreadingHTTPServer(("", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_port}"
    print(urllib.request.urlopen(url + "/page").read() == open("page", "rb").read())
    answer = urllib.request.urlopen(url, data=bytes(range(256)) * 1000)
    print(answer.status, answer.read())
    try: urllib.request.urlopen(url + "/none")
    except urllib.error.HTTPError as error: print(error.code)
    server.shutdown()
""", "True\n201 b'32640000'\n404\n")

    def test_asyncio(self):
        self.assert_prints("""
import asyncio
async def serve(reader, writer):
    while line := await reader.readline(): writer.write(line[::-1].lstrip() + b"\\n")
    writer.close()
async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text + b"\\n"); writer.write_eof()
    answer = await reader.read()
    writer.close(); await writer.wait_closed()
    return answer
class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, address): self.transport.sendto(data * 2, address)
class Answer(asyncio.DatagramProtocol):
    def datagram_received(self, data, address): self.got.set_result(data)
async def main():
    server = await asyncio.start_server(serve, "localhost", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, str(i).encode()) for i in range(100, 150)))
    print(answers == [str(i)[::-1].encode() + b"\\n" for i in range(100, 150)])
    server.close(); await server.wait_closed()
    try: await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError: print("refused")
    loop = asyncio.get_running_loop()
    there, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", 0))
    here, answer = await loop.create_datagram_endpoint(Answer, remote_addr=there.get_extra_info("sockname"))
    answer.got = loop.create_future()
    here.sendto(b"ab")
    print(await answer.got)
asyncio.run(main())
""", "True\nrefused\nb'abab'\n")

    def test_a_manager_of_processes(self):
        self.assert_prints("""
import multiprocessing.managers
class Manager(multiprocessing.managers.SyncManager): pass
def add(address, key):
    manager = Manager(address=address, authkey=b"key"); manager.connect()
    with manager.Lock(): pass
    Manager.register("shared"); manager.shared().update({key: key * key})
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    table = {}
    Manager.register("shared", callable=lambda: table, proxytype=multiprocessing.managers.DictProxy)
    with Manager(address=("127.0.0.1", 0), authkey=b"key") as manager:
        children = [multiprocessing.Process(target=add, args=(manager.address, i)) for i in range(4)]
        for child in children: child.start()
        for child in children: child.join()
        print(dict(sorted(manager.shared().items())), [child.exitcode for child in children])
""", "{0: 0, 1: 1, 2: 4, 3: 9} [0, 0, 0, 0]\n")

    def test_both_families(self):
        self.assert_prints("""
import asyncio, socket
with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    port = server.getsockname()[1]
    for host in ("::1", "127.0.0.1"):
        client = socket.create_connection((host, port))
        print(server.accept()[1][0], client.getpeername()[0])
async def serve(reader, writer):
    writer.write(writer.get_extra_info("peername")[0].encode()); writer.close()
async def main():
    async with await asyncio.start_server(serve, ["::1", "127.0.0.1"], 0) as server:
        for listener in sorted(server.sockets, key=lambda each: each.family, reverse=True):
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            print(listener.family.name, await reader.read())
asyncio.run(main())
""", "::1 ::1\n::ffff:127.0.0.1 127.0.0.1\nAF_INET6 b'::1'\nAF_INET b'127.0.0.1'\n")

    def test_names(self):
        self.assert_prints("""
import socket, time
print({entry[4] for entry in socket.getaddrinfo("localhost", 80)}, socket.gethostbyname("localhost"))
print(socket.gethostbyaddr("127.0.0.1")[0])
print(socket.getservbyname("http"), socket.getservbyport(53, "udp"), socket.getaddrinfo("127.0.0.1", "https")[0][4])
start = time.monotonic()
for name in ("example.com", "no-such-name"):
    try: socket.getaddrinfo(name, 80)
    except socket.gaierror as error: print(error.errno == socket.EAI_AGAIN)
print(time.monotonic() - start < 4)
""", "{('127.0.0.1', 80)} 127.0.0.1\nlocalhost\n80 domain ('127.0.0.1', 443)\nTrue\nTrue\nTrue\n")

    def test_what_is_not_there(self):
        self.assert_prints("""
import socket
def attempt(what):
    try: print(what())
    except OSError as error: print(error.strerror)
for address in ("192.0.2.1", "10.0.0.1", "255.255.255.255"):
    attempt(lambda: socket.create_connection((address, 80), timeout=5))
    attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (address, 53)))
attempt(lambda: socket.create_server(("127.0.0.1", 80)))
attempt(lambda: socket.create_server(("192.0.2.1", 8000)))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
""", "Network unreachable\n" * 6 + "Permission denied (while attempting to bind on address ('127.0.0.1', 80))\n"
           "Address not available (while attempting to bind on address ('192.0.2.1', 8000))\n"
           "Operation not permitted\n")

    def test_the_shells_files(self):
        self.assert_ok(run("--quiet", "-c", """
python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 8000)); print("ready", flush=True)
client, _ = server.accept(); client.sendall(b"got " + client.recv(100))' > /tmp/ready &
until [ -s /tmp/ready ]; do sleep 0.01; done
exec 3<>/dev/tcp/127.0.0.1/8000
echo hello >&3; cat <&3; wait
(exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null || echo refused
"""), "got hello\nrefused\n")

    def test_a_seed_decides_the_ports(self):
        program = """
import socket
print([socket.create_server(("127.0.0.1", 0)).getsockname()[1] for i in range(5)])
"""
        first, second, third = (run("--quiet", "--random-seed", seed, "--", "python3", "-c", program)
                                for seed in ("1" * 64, "1" * 64, "2" * 64))
        self.assertEqual(first.code, 0, first)
        self.assertEqual(first.out, second.out)
        self.assertNotEqual(first.out, third.out)

    def test_two_sandboxes_have_the_same_port_at_once(self):
        program = ("import socket, sys; server = socket.create_server(('127.0.0.1', 8000));"
                   " print('listens', flush=True); sys.stdin.read()")
        command = [support.CLOCHE, "run", "--quiet", "--", "python3", "-c", program]
        both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        try:
            self.assertEqual([process.stdout.readline() for process in both], ["listens\n"] * 2)
        finally:
            codes = [process.communicate()[0] and 1 or process.returncode for process in both]
        self.assertEqual(codes, [0, 0])

    def test_a_sandbox_inside_has_its_own(self):
        self.assert_ok(run("--quiet", "--sandboxes", "1", "-c", """
python3 -c 'import socket, subprocess
server = socket.create_server(("127.0.0.1", 8000))
inner = "(exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null || echo refused"
print(subprocess.run(["cloche", "run", "-c", inner], capture_output=True, text=True).stdout, end="")'
"""), "refused\n")


if __name__ == "__main__":
    unittest.main()
