"""The Celery application of `SIMWEB_EXECUTOR=celery`: a message is a nudge, the table is the queue, the lease decides."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "simweb.settings")
app = Celery("simweb", broker=settings.REDIS_URL or None)
app.conf.update(
    # Not late: a message is only a nudge, given again while its run is queued; and Celery 5.6 ends the whole worker with
    # "Unrecoverable error" when a late acknowledgement finds that Redis was restarted meanwhile.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,  # a run that waits behind another in one worker could be played by the next
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_connect_timeout": 3,
        "socket_timeout": 10,
        # The executor nudges again; a request must not wait for a broker that is away: kombu's own patience is 6 s.
        "max_retries": 1,
        "interval_start": 0,
    },
    task_publish_retry=False,
    worker_hijack_root_logger=False,
)
app.autodiscover_tasks(["runs"])
