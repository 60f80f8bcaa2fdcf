"""Jobs: something asked of many stations, a few at a time, that outlives a restart and can be cancelled."""

from datetime import timedelta

from voltloom.domain.events import JobChanged
from voltloom.features.feature import Feature, every, listen
from voltloom.features.jobs.service import prune_jobs, run_job

__all__ = ["feature"]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.jobs.api import router

    return router()


feature = Feature(
    name="jobs",
    listens=(listen(JobChanged, run_job),),
    tasks=(every(timedelta(hours=12), prune_jobs),),
    routes=_routes,
)
