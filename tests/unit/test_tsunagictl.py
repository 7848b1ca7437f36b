# SPDX-License-Identifier: BSD-3-Clause
"""The client against a daemon that says what the test wants: layouts, exit codes, answers that break off.

The environment's TSUNAGICTL names the binary.
"""
import json
import os
import socket
import subprocess
import threading

import pytest

CLIENT = os.environ.get("TSUNAGICTL", "build/control/tsunagictl")


@pytest.fixture
def daemon(tmp_path):
    path = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    listener.settimeout(10)

    def run(answer, *args):
        asked = []

        def serve():
            peer, _ = listener.accept()
            with peer:
                asked.append(peer.makefile().readline())
                try:
                    peer.sendall(answer if isinstance(answer, bytes) else json.dumps(
                        answer, separators=(",", ":")).encode() + b"\n")
                except BrokenPipeError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        done = subprocess.run([CLIENT, "-s", path, *args], capture_output=True, text=True, timeout=30, check=False)
        thread.join()
        return done, asked[0]

    yield run
    listener.close()


def call(*args, **env):
    return subprocess.run([CLIENT, *args], capture_output=True, text=True, timeout=30, check=False,
                          env={**os.environ, **env})


def test_counters_sorted_zeros_hidden(daemon):
    answer = {"counters": {"rx_packets": 12345678, "drop_x": 0, "a": 1}}
    done, asked = daemon(answer, "show", "counters")
    assert (asked, done.returncode, done.stderr) == ("show counters\n", 0, "")
    assert done.stdout == "a           1\nrx_packets  12345678\n"
    done, _ = daemon(answer, "show", "counters", "--all")
    assert done.stdout.splitlines()[1].split() == ["drop_x", "0"]


def test_history(daemon):
    """A line per series; what nobody counted is no zero."""
    grows = [None] * 24 + [1000.0 * i for i in range(24)]
    answer = {"history": {"span": "hour", "step_s": 10, "end": 1700000000, "series": {
        "6to4.in.bytes": {"mean": grows, "peak": [v and 2 * v for v in grows]},
        "teredo-clients": {"mean": [7.0] * 47 + [None], "peak": [7.0] * 47 + [None]},
        "drops": {"mean": [None] * 48, "peak": [None] * 48}}}}
    done, asked = daemon(answer, "show", "history")
    assert (asked, done.returncode, done.stderr) == ("show history\n", 0, "")
    head, columns, traffic, clients, drops = done.stdout.splitlines()
    assert head.startswith("hour, until 2023-11-14 22:13:20 UTC, in steps of 10 s")
    assert columns.split() == ["SERIES", "NOW", "MEAN", "PEAK"]
    assert traffic.split()[:4] == ["6to4.in.bytes", "23.0k", "11.5k", "46.0k"]
    graph = traffic[len(columns) + 2:]
    assert (len(graph), graph[:24].strip(), graph[24:].find(" ")) == (48, "", -1) and graph[24] != graph[47]
    assert clients.split()[:4] == ["teredo-clients", "-", "7", "7"]
    assert drops.split() == ["drops", "-", "-", "-"]
    assert daemon(answer, "show", "history", "month")[1] == "show history month\n"
    done, _ = daemon(answer, "--json", "show", "history", "day")
    assert json.loads(done.stdout) == answer


def test_drops_with_help(daemon):
    answer = {"drops": {"drop_b": 2, "drop_a": 1}, "help": {"drop_a": "why a", "drop_b": "why b"}}
    done, asked = daemon(answer, "show", "drops")
    assert asked == "show drops\n"
    assert [line.split(None, 2) for line in done.stdout.splitlines()] == [
        ["drop_a", "1", "why a"], ["drop_b", "2", "why b"]]
    assert daemon(answer, "--all", "show", "drops")[1] == "show drops all\n"


def test_table_is_aligned_and_sorted(daemon):
    answer = {"interfaces": [
        {"name": "ix10", "port": "ix", "qinq": [5, 7], "mac": "m", "mtu": 1500, "twin": False},
        {"name": "ix2", "port": "ix", "vlan": 7, "mac": "m", "mtu": 9000, "twin": True}]}
    done, _ = daemon(answer, "show", "interfaces")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["NAME", "PORT", "VLAN", "QINQ", "MAC", "MTU", "TWIN"]
    assert lines[1].split() == ["ix2", "ix", "7", "-", "m", "9000", "yes"]
    assert lines[2].split() == ["ix10", "ix", "-", "5.7", "m", "1500", "no"]
    assert lines[0].index("MAC") == lines[1].index("m") == lines[2].index("m")


def test_routes(daemon):
    routes = [{"prefix": f"10.0.{i // 256}.{i % 256}/32", "origin": "kernel", "kind": "via", "metric": 32, "best": True,
               "via": [{"address": "192.0.2.1", "interface": "ix0", "weight": 1},
                       {"address": "192.0.2.2", "interface": "ix0", "weight": 2}]} for i in range(20000)]
    done, asked = daemon({"routes": routes}, "show", "routes", "10.0.0.0/8")
    assert asked == "show routes 10.0.0.0/8\n"
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 20001
    assert lines[1].split() == ["*", "10.0.0.0/32", "kernel", "32", "via", "192.0.2.1", "ix0", "weight", "1,",
                                "192.0.2.2", "ix0", "weight", "2"]
    done, _ = daemon({"routes": []}, "show", "routes")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1


PEER = {"address": "2001:0:c633:6401::/64", "mapped": "203.0.113.0/24", "port": None, "state": "trusted", "age_s": 2,
        "learned": False}


@pytest.mark.parametrize("options, asked", [
    ([], "show teredo peers\n"), (["--full"], "show teredo peers full\n"),
    (["--limit", "3"], "show teredo peers limit 3\n"), (["-f", "-n", "10"], "show teredo peers full limit 10\n")])
def test_teredo_peers(daemon, options, asked):
    done, got = daemon({"peers": [PEER] * 3000}, "show", "teredo", "peers", *options)
    lines = done.stdout.splitlines()
    assert (got, done.returncode, len(lines)) == (asked, 0, 3001)
    assert lines[0].split() == ["ADDRESS", "MAPPED", "PORT", "STATE", "AGE-S", "LEARNED"]
    assert lines[3000].split() == ["2001:0:c633:6401::/64", "203.0.113.0/24", "-", "trusted", "2", "no"]


def test_teredo_summary(daemon):
    answer = {"teredo": {"relay": {"port": 3545, "peers": {"trusted": 0, "stale": 1}}, "server": None}}
    for args in (["teredo"], ["teredo", "summary"]):
        done, asked = daemon(answer, "show", *args)
        assert asked == "show teredo summary\n"
        assert [line.split() for line in done.stdout.splitlines()] == [
            ["relay.peers.stale", "1"], ["relay.peers.trusted", "0"], ["relay.port", "3545"], ["server", "-"]]


def test_explain_keeps_the_order(daemon):
    answer = {"explain": {"mechanism": "teredo", "cone": True, "checks": {"server": "ok", "client": "ok"}, "peer": None,
                          "route": {"prefix": "::/0", "kind": "via", "via": [{"address": "fe80::1", "interface": "ix0"}]},
                          "address": "2001::1"}}
    done, asked = daemon(answer, "explain", "2001::1")
    assert asked == "explain 2001::1\n"
    assert [line.split(None, 1) for line in done.stdout.splitlines()] == [
        ["mechanism", "teredo"], ["cone", "yes"], ["checks.server", "ok"], ["checks.client", "ok"], ["peer", "-"],
        ["route", "::/0 via fe80::1 ix0"], ["address", "2001::1"]]
    done, _ = daemon({"error": "no"}, "explain", "x")
    assert (done.returncode, done.stdout) == (1, "")


def test_nested_figures(daemon):
    done, _ = daemon({"tables": {"version": 5, "mirror": {"overruns": 0}, "punt": None}}, "show", "tables")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["mirror.overruns", "0"], ["punt", "-"], ["version", "5"]]


def test_json_is_passed_on(daemon):
    answer = {"ports": [{"name": "x", "new": [1, 2]}]}
    done, _ = daemon(answer, "--json", "show", "ports")
    assert done.returncode == 0 and json.loads(done.stdout) == answer


@pytest.mark.parametrize("what", ["counters", "routes", "ports"])
def test_error_answers(daemon, what):
    done, _ = daemon({"error": "something's wrong"}, "show", what)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("tsunagictl: ") and done.stderr.endswith("something's wrong\n")
    done, _ = daemon({"error": "something's wrong"}, "show", what, "--json")
    assert done.returncode == 1 and json.loads(done.stdout) == {"error": "something's wrong"}


@pytest.mark.parametrize("answer", [b"", b"{", b'{"routes":[', b'{"routes":[{"prefix":"::/0"},', b"\x00\xff\xfe\n",
                                    b"[]\n", b"{}\n", b'{"routes":[{}x'])
def test_routes_cut_short(daemon, answer):
    done, _ = daemon(answer, "show", "routes")
    assert done.returncode == 1 and "cut short" in done.stderr


@pytest.mark.parametrize("answer, form", [(b"", []), (b'{"counters":{"a":1', []), (b"garbage\n", []), (b"", ["--json"]),
                                          (b'{"counters":{"a":1', ["--json"])])
def test_documents_cut_short(daemon, answer, form):
    done, _ = daemon(answer, "show", "counters", *form)
    assert done.returncode == 1 and "cut short" in done.stderr


def test_no_daemon(tmp_path):
    path = str(tmp_path / "none")
    message = f"tsunagictl: no daemon answers at {path}: %s; is tsunagid running?\n"
    done = call("show", "counters", TSUNAGI_SOCKET=path)
    assert (done.returncode, done.stderr) == (1, message % "No such file or directory")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    done = call("-s", path, "show", "counters")
    assert (done.returncode, done.stderr) == (1, message % "Connection refused")
    assert call("-s", "x" * 200, "show", "counters").returncode == 1


@pytest.mark.parametrize("args", [[], ["show"], ["show", "me"], ["restart"], ["show", "ports", "1"],
                                  ["show", "routes", "a", "b"], ["--no-such-option"], ["-s"], ["show", "routes", "a b"],
                                  ["explain"], ["explain", "a", "b"], ["explain", ""], ["show", "teredo", "clients"],
                                  ["show", "teredo", "peers", "x"], ["show", "history", "year"], ["--full", "show", "routes"],
                                  ["--limit", "3", "show", "teredo"], ["-n", "x", "show", "teredo", "peers"],
                                  ["-n", "", "show", "teredo", "peers"]])
def test_usage(args):
    done = call(*args)
    assert done.returncode == 2 and done.stdout == "" and done.stderr


def test_help_and_version():
    assert call("--help").stdout.startswith("Usage: tsunagictl")
    assert call("--version").stdout.startswith("tsunagictl ")


def test_output_that_cannot_be_written(daemon):
    with open("/dev/full", "w", encoding="ascii") as full:
        original = subprocess.run

        def run(cmd, **kw):
            kw.pop("capture_output")
            return original(cmd, stdout=full, stderr=subprocess.PIPE, **kw)

        subprocess.run = run
        try:
            done, _ = daemon({"counters": {"a": 1}}, "show", "counters")
        finally:
            subprocess.run = original
    assert done.returncode == 1 and "standard output" in done.stderr


HEALTH = {"health": {"healthy": False, "drain": "no", "announcing": True, "prefixes": [
    {"prefix": "2002::/16", "mechanism": "6to4", "announced": True, "reasons": []},
    {"prefix": "192.88.99.0/24", "mechanism": "6to4", "announced": False, "reasons": [
        {"reason": "worker", "text": "why one"}, {"reason": "probe", "text": "why two"}]}]}}


def test_health(daemon):
    done, asked = daemon(HEALTH, "health")
    lines = done.stdout.splitlines()
    assert (asked, done.returncode, lines[0]) == ("health\n", 1, "not healthy")
    assert lines[2].split() == ["2002::/16", "6to4", "announced"]
    assert lines[3].split() == ["192.88.99.0/24", "6to4", "withheld", "why", "one"]
    assert lines[4].strip() == "why two" and lines[4].index("why") == lines[3].index("why")
    done, _ = daemon(HEALTH, "--json", "health")
    assert json.loads(done.stdout) == HEALTH and done.returncode == 1
    assert daemon({"health": {"healthy": True}}, "health")[0].returncode == 0


@pytest.mark.parametrize("verb", ["drain", "resume"])
def test_drain_and_resume(daemon, verb):
    """Done is done, whatever the health then is."""
    done, asked = daemon({"health": {**HEALTH["health"], "drain": "draining"}}, verb)
    assert (asked, done.returncode, done.stdout.splitlines()[0]) == (f"{verb}\n", 0, "draining")


def test_reload(daemon):
    done, asked = daemon({"reload": "configuration reloaded"}, "reload")
    assert (asked, done.returncode, done.stdout) == ("reload\n", 0, "configuration reloaded\n")
    done, _ = daemon({"error": "f:3: k: wrong\nnothing changed"}, "reload")
    assert done.returncode == 1 and "f:3: k: wrong\nnothing changed\n" in done.stderr
    assert daemon({"error": "x"}, "--json", "reload")[0].returncode == 1


def test_single_words_take_no_other():
    for verb in "health", "drain", "resume", "reload":
        assert call(verb, "now").returncode == 2
