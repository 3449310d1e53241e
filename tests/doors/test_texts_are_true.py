"""What titles and descriptions say is so, and what a run was played with is part of what it is compared by."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.web.server import Lab, Server

ONE_DATABASE = "texts are the same wherever rows are kept"

TRIANGLE = "a,b\nb,c\nc,a\n"
DIGEST = hashlib.sha256(TRIANGLE.encode()).hexdigest()


def test_the_ready_made_town_wants_what_its_name_says(lab: Lab) -> None:
    told = lab.client.get("/simulations/segregation").json()
    assert told["name"] == "Segregation at 30 % tolerance"
    run = lab.ended(lab.run("segregation", turns=2))
    assert run["params"]["wanted"] == 0.3


def test_a_run_keeps_the_digest_of_its_network_and_verify_says_that_it_changed(lab: Lab, server: Server) -> None:
    file = _network(server, TRIANGLE)
    params = {"network": "file", "network_file": file.name, "activity": 1}
    slug = lab.simulation("Of a file", "social-feed", 2, params=params)
    run = lab.ended(lab.run(slug))
    assert run["environment"]["files"] == {f"networks/{file.name}": DIGEST}
    assert run["environment"]["processor"]
    replay = lab.client.post(f"/runs/{run['id']}/verify").json()["id"]
    lab.ended(replay)
    assert lab.get(run["id"])["verification"]["status"] == "verified"
    file.write_text("a,b\nb,c\n")
    lab.client.post(f"/runs/{run['id']}/verify").raise_for_status()
    told = lab.get(run["id"])["verification"]
    assert told["status"] == "impossible"
    assert told["reason"] == f"It was played with other contents of networks/{file.name}."


def test_edge_lists_of_other_tools_are_played(lab: Lab, server: Server) -> None:
    texts = {
        "snap.txt": "# FromNodeId\tToNodeId\n1\t2\n2\t3\n3\t3\n",
        "gephi.csv": 'Source;Target;Type;Weight\n"Lee, Ann";Bob;Directed;1\n',
        "konect.out": "% sym\n1 2 1 1082040961\n2 3 1 1082155839\n",
    }
    slug = lab.simulation("Of other tools", "social-feed", 2, params={"network": "karate"})
    for name, text in texts.items():
        file = _network(server, text, name)
        run = lab.ended(lab.run(slug, params={"network": "file", "network_file": file.name}))
        assert run["status"] == "completed", (name, run["error"])


def _network(server: Server, text: str, name: str = "three.csv") -> Path:
    folder = server.log.parent / "networks"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name
