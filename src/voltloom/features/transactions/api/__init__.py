"""Routes for transactions: what meters said, commands, and repairs."""

from fastapi import APIRouter

from voltloom.features.transactions.api import repairs, transactions


def router() -> APIRouter:
    router = APIRouter()
    transactions.add_routes(router)
    repairs.add_routes(router)
    return router
