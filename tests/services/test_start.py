"""Web servers that start together, as a deployment starts them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.services.lab import Machines
from tests.web.server import Lab, Server


def test_servers_that_start_together_on_an_empty_database_all_serve(services: Machines) -> None:
    services.empty()
    webs = [services.web, services.another_web(), services.another_web()]
    with ThreadPoolExecutor(len(webs)) as threads:
        list(threads.map(Server.start, webs))
    token = services.web.manage("token", "together", "--role", "admin")
    for web in webs:
        lab = Lab(web.base, token)
        assert lab.client.get("/simulations").status_code == 200
        lab.client.close()
