"""Where the world touches us: sockets and servers."""
