"""A scrape as Prometheus makes it: the text is read by the parser of its own client library."""

from __future__ import annotations

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.conftest import Api


class Scrape:
    """The samples of one answer."""

    def __init__(self, client: Client) -> None:
        answer = client.get("/metrics")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        self.text = answer.content.decode()
        self.families = list(text_string_to_metric_families(self.text))
        self.samples: list[Sample] = [sample for family in self.families for sample in family.samples]

    def of(self, name: str, *by: str, **labels: str) -> dict[str, float]:
        """The values of one name, those with these labels, by other labels (joined by a space)."""
        chosen = [s for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        found = {" ".join(s.labels[label] for label in by): s.value for s in chosen}
        assert len(found) == len(chosen), f"{name} comes twice"
        return found

    def value(self, name: str, **labels: str) -> float:
        """The one value of this name with these labels."""
        [value] = self.of(name, **labels).values()
        return value


def scrape(api: Api) -> Scrape:
    """What is exported now."""
    return Scrape(api.client)
