"""Certificates: our own authority, what our servers show, what stations prove themselves with, and what is revoked."""
