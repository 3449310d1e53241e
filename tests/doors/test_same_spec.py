"""Same spec, same measurements, whoever plays it: also of a model that asks for no chance of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.web.server import ROOT, Lab, Server


def test_a_careless_model_repeats_itself_in_any_process(lab: Lab, server: Server) -> None:
    slug = lab.simulation("Careless", "careless", 3)
    runs = [lab.ended(run) for run in [lab.run(slug, seed=7) for _ in range(6)]]
    assert {run["status"] for run in runs} == {"completed"}
    server.manage("run", slug, "--seed", "7")
    runs.append(lab.client.get(f"/simulations/{slug}/runs").json()["items"][0])
    spec = {name: runs[0][name] for name in ("scenario", "params", "seed", "turns", "metric_keys")}
    played = subprocess.run(
        [sys.executable, "-m", "simweb.engine"],
        input=json.dumps(spec),
        cwd=ROOT,
        env={**server.env, "PYTHONHASHSEED": "random"},
        capture_output=True,
        text=True,
        check=True,
    )
    by_hand = json.loads(played.stdout.splitlines()[-1])["fingerprint"]
    assert {run["fingerprint"] for run in runs} == {by_hand}


def test_another_seed_draws_something_else_and_verify_says_verified(lab: Lab) -> None:
    slug = lab.simulation("Careless and verified", "careless", 3)
    one, other = (lab.ended(lab.run(slug, seed=seed)) for seed in (1, 2))
    assert one["fingerprint"] != other["fingerprint"]
    lab.ended(lab.client.post(f"/runs/{one['id']}/verify").json()["id"])
    assert lab.get(one["id"])["verification"]["status"] == "verified"


def test_true_chance_is_still_told_by_verify(lab: Lab) -> None:
    slug = lab.simulation("Unseeded", "unseeded", 6, params={"since": 4}, metric_keys=["turn.chance.drawn"])
    run = lab.ended(lab.run(slug, seed=3))
    lab.ended(lab.client.post(f"/runs/{run['id']}/verify").json()["id"])
    found = lab.get(run["id"])["verification"]
    assert (found["status"], found["turn"], found["metric"]) == ("differs", 4, "turn.chance.drawn")
