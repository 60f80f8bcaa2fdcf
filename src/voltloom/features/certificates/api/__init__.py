"""Routes of certificates, a file a subject."""

from datetime import timedelta

from fastapi import APIRouter

from voltloom.features.certificates.api import authorities, installed, issued, requests
from voltloom.features.certificates.authority import Authority


def router(authority: Authority, renew_before: timedelta) -> APIRouter:
    routes = APIRouter(tags=["certificates"])
    issued.add_routes(routes, authority, renew_before)
    requests.add_routes(routes)
    authorities.add_routes(routes)
    installed.add_routes(routes, authority)
    return routes
