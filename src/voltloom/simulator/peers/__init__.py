"""What voltloom is measured beside: a bare echo, and another OCPP server. Each is a program of its own."""
