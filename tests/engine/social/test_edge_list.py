"""Networks from a file: what is understood, and how a bad file is refused before there is a run."""

from __future__ import annotations

import re
from pathlib import Path

import networkx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from simweb.scenarios.social import SocialParams, edge_list
from simweb.scenarios.social.edge_list import parse_edge_list
from tests.engine.social.worlds import world


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMWEB_DATA_DIR", str(tmp_path))
    folder = tmp_path / "networks"
    folder.mkdir()
    return folder


def complaint(name: str = "net.csv") -> str:
    """The message of the one error there is, which must be the field's."""
    with pytest.raises(ValidationError) as caught:
        SocialParams(network="file", network_file=name)
    (error,) = caught.value.errors()
    assert error["loc"] == ("network_file",)
    return str(error["msg"])


def follows(text: str) -> list[tuple[str, str]]:
    edges = parse_edge_list(text.splitlines())
    return [(edges.names[a], edges.names[b]) for a, b in zip(edges.sources, edges.targets, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "ann,bob\nbob,cem\n",
        "Source,Target\nann,bob\nbob,cem",
        "follower,followed\r\nann,bob\r\nbob,cem\r\n",
        '# from the census\n\n ann , "bob" \n\n#\nbob,cem\n\n',
        "% of Konect\nann bob\nbob   cem 3 1234567",
        "ann\tbob\t0.5\nbob\tcem\t1e3",
        "ann;bob;\nbob;cem;2",
        "ann bob {'weight': 2.0}\nbob cem {}",
        "Source,Target,Type,Id,Label,Weight\nann,bob,Directed,0,x,1\nbob,cem,Directed,1,,2.5",
        "Id,Weight,Target,Source\n0,1,bob,ann\n1,2,cem,bob",
        "# FromNodeId\tToNodeId\nann\tbob\nbob\tcem",
        "von,nach,gewicht\nann,bob,1\nbob,cem,2",
    ],
)
def test_a_line_is_a_follow_whatever_stands_around_it(text: str) -> None:
    assert follows(text) == [("ann", "bob"), ("bob", "cem")]


def test_a_head_of_words_above_numbers_is_no_agent() -> None:
    assert follows("Knoten A;Knoten B\n1;2\n2;3") == [("1", "2"), ("2", "3")]


def test_a_quoted_name_may_hold_the_separator() -> None:
    assert follows('"Lee, Ann","Poe, Bob"\n"Poe, Bob",cem') == [("Lee, Ann", "Poe, Bob"), ("Poe, Bob", "cem")]
    assert follows('"Ann Lee"  "Bob ""B"" Poe" 2') == [("Ann Lee", 'Bob "B" Poe')]


def test_who_follows_himself_is_left_out_and_counted(networks: Path) -> None:
    edges = parse_edge_list(["a,a", "a,b", "b,b"])
    assert (len(edges.sources), edges.self_loops) == (1, 2)
    (networks / "net.csv").write_text("a,a\na,b\nb,a\n")
    problems = world(network="file", network_file="net.csv").turn().problems
    assert "in the file 1 follow themselves; they are left out" in [problem.description for problem in problems]


@pytest.mark.parametrize("ending", ["graphml", "gexf"])
@pytest.mark.parametrize("directed", [True, False])
def test_graphs_are_read_by_their_ending(networks: Path, ending: str, directed: bool) -> None:
    graph = networkx.DiGraph([("ann", "bob"), ("bob", "cem")]) if directed else networkx.Graph([("ann", "bob")])
    getattr(networkx, f"write_{ending}")(graph, networks / f"net.{ending}")
    edges = edge_list.read_edge_list(networks / f"net.{ending}")
    found = {(edges.names[a], edges.names[b]) for a, b in zip(edges.sources, edges.targets, strict=True)}
    assert found == ({("ann", "bob"), ("bob", "cem")} if directed else {("ann", "bob"), ("bob", "ann")})
    (networks / f"broken.{ending}").write_text("<graph")
    assert f"broken.{ending} cannot be read" in complaint(f"broken.{ending}")


def test_a_byte_order_mark_is_no_part_of_the_first_name(networks: Path) -> None:
    (networks / "net.csv").write_bytes(b"\xef\xbb\xbfann,bob\n")
    assert edge_list.read_edge_list(networks / "net.csv").names == ("ann", "bob")


def test_column_names_are_names_of_agents_after_the_first_line() -> None:
    assert follows("ann,bob\nsource,target\n") == [("ann", "bob"), ("source", "target")]


def test_a_follow_that_is_listed_again_counts_once() -> None:
    edges = parse_edge_list(["1,2", "1,2", "2,1", "1,2"])
    assert (len(edges.sources), edges.duplicates) == (2, 2)


def test_bad_lines_are_named_with_what_is_wrong(networks: Path) -> None:
    (networks / "net.csv").write_text("a,b\na,b\nc\nc,c\nd,\n# fine\na,b,c\n")
    message = complaint()
    assert "net.csv has 3 bad lines" in message
    for part in ("line 3 (needs 2 columns, has 1)", "line 5 (a name is missing)"):
        assert part in message
    assert "line 7 (needs 2 columns, has 3)" in message


def test_of_many_bad_lines_the_first_few_are_named_and_all_are_counted(networks: Path) -> None:
    (networks / "net.csv").write_text("a,b\n" + "oops\n" * 2000)
    message = complaint()
    assert "2,000 bad lines" in message
    assert "line 6 (" in message
    assert "line 7 (" not in message
    assert "and 1,995 more" in message


@pytest.mark.parametrize("text", ["", "\n\n", "source,target\n", "# nothing yet\n"])
def test_a_file_without_follows_is_refused(networks: Path, text: str) -> None:
    (networks / "net.csv").write_text(text)
    assert "no follows" in complaint()


def test_a_file_that_is_no_text_is_refused(networks: Path) -> None:
    (networks / "net.csv").write_bytes(b"a,b\n\xff\xfe\x00,c\n")
    assert "not UTF-8" in complaint()


def test_a_file_that_is_too_large_is_refused_unread(networks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (networks / "net.csv").write_text("a,b\n" * 5)
    monkeypatch.setattr(edge_list, "MAX_BYTES", 10)
    assert "20 bytes" in complaint()


def test_a_file_with_too_many_agents_is_refused(networks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (networks / "net.csv").write_text("a,b\nc,d\n")
    monkeypatch.setattr(edge_list, "MAX_AGENTS", 3)
    assert "names 4 agents" in complaint()


@pytest.mark.parametrize("name", ["missing.csv", "../secret.csv", "/etc/passwd", ""])
def test_a_file_that_is_not_in_the_folder_is_refused(networks: Path, name: str) -> None:
    (networks.parent / "secret.csv").write_text("a,b\n")
    assert complaint(name)


def test_the_file_is_looked_at_only_for_its_own_network() -> None:
    assert SocialParams(network="karate", network_file="missing.csv")


def test_a_file_that_changed_is_read_again(networks: Path) -> None:
    (networks / "net.csv").write_text("a,b\n")
    assert SocialParams(network="file", network_file="net.csv")
    (networks / "net.csv").write_text("a,b\nbroken\n")
    assert "line 2" in complaint()


def test_agents_are_those_the_file_names(networks: Path) -> None:
    (networks / "net.csv").write_text("a,b\nc,b\nb,d\n")
    played = world(network="file", network_file="net.csv", agents=999)
    assert len(played.people) == 4
    assert list(zip(played.graph.sources, played.graph.targets, strict=True)) == [(0, 1), (1, 3), (2, 1)]


def test_more_follows_than_fit_into_memory_are_refused() -> None:
    with pytest.raises(ValidationError, match="exceed 50,000,000"):
        SocialParams(agents=1_000_000, mean_degree=51)


@example(['"\r0'])
@example(['"a" \r b'])
@given(st.lists(st.text(max_size=20), max_size=10))
def test_any_text_is_either_a_network_or_a_clear_refusal(lines: list[str]) -> None:
    try:
        edges = parse_edge_list(lines)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert len(edges.sources) > 0
        assert (edges.sources != edges.targets).all()
        assert max(edges.sources.max(), edges.targets.max()) < len(edges.names)
    assert not refusal or re.match("the file has (no follows in it|[0-9]+ bad lines?: line [0-9]+ )", refusal)
