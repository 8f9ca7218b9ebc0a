"""The api process: what API Gateway, CloudFront and the installer's bucket are on AWS, on one loopback
port.

`gateway.py` turns HTTP requests into the events that Lambda would get and calls the app with them in
threads; `sockets.py` does the same for the event WebSocket, and serves `/@connections` on a second port
that nothing forwards to; `queues.py` lets agents reach their own queue; `static.py` holds the UI and the
installer; `front.py` routes by path. No route, rule or permission of the product is decided here.
"""
