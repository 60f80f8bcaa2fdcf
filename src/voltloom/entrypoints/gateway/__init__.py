"""The stations' way in: sockets, TLS, who is let in, and one session for each connection."""
