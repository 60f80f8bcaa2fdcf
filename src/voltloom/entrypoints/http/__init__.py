"""The HTTP server: the API of all features, the live stream, health, metrics, and a few plain pages."""

from voltloom.entrypoints.http.server import HttpServer, HttpSettings, Services
from voltloom.entrypoints.http.status import NetworkSummary

__all__ = ["HttpServer", "HttpSettings", "NetworkSummary", "Services"]
