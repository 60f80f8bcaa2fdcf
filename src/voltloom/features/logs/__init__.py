"""Logs of stations: asked for, uploaded by them to an address of ours, kept for a time and given out as they came."""

from datetime import timedelta

from voltloom.domain.reports import LogReported
from voltloom.features.feature import Feature, answer, every
from voltloom.features.logs.service import LogsConfig, log_status, pruner, settle_logs

__all__ = ["LogsConfig", "feature"]


def feature(config: LogsConfig) -> Feature:
    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.logs.api import router

        return router(config)

    def open_routes() -> object:
        from voltloom.features.logs.api import open_router

        return open_router(config)

    return Feature(
        name="logs",
        answers=(answer(LogReported, log_status),),
        tasks=(every(timedelta(seconds=60), settle_logs), every(timedelta(hours=6), pruner(config))),
        routes=routes,
        open_routes=open_routes,
    )
