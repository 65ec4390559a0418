from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests
from google.cloud import firestore

from local import firestore_jar
from local.firestore_emulator import EmulatorError, start
from local.firestore_jar import Found, NotPossible, find
from local.server import serve

JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"


class Machine:
    """A simulated machine in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home" / "ada"
        self.environ = {"PATH": str(folder / "bin")}

    def put(self, path: str, content: bytes = b"x", *, program: bool = False) -> Path:
        """Create a file, with its folders."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        if program:
            file.chmod(0o755)
        return file

    def find(self, **more):
        """Look for the emulator on this machine, without anything of the real one."""
        more = {"java_package": "no_such_java"} | more
        return find(self.environ, home=self.home, root=self.folder, **more)


@pytest.fixture
def machine(tmp_path):
    """A machine with Java and no emulator."""
    made = Machine(tmp_path)
    made.put("bin/java", program=True)
    return made


def test_places_are_searched_in_order(machine):
    """Each place is taken only when no earlier one has an emulator."""
    cache = "home/ada/.cache/firebase/emulators/cloud-firestore-emulator-v"
    machine.environ["CLOUDSDK_ROOT_DIR"] = str(machine.folder / "sdk")
    machine.put("opt/cloud/bin/gcloud", program=True)
    (machine.folder / "bin" / "gcloud").symlink_to(machine.folder / "opt/cloud/bin/gcloud")
    machine.put(f"{cache}1.9.2.jar")
    places = [
        machine.put(f"{cache}1.19.8.jar"),
        machine.put(f"opt/cloud/{JAR}"),
        machine.put(f"home/ada/google-cloud-sdk/{JAR}"),
        machine.put(f"usr/lib/google-cloud-sdk/{JAR}"),
        machine.put(f"sdk/{JAR}"),
    ]
    found = []

    while places:
        found.append(machine.find().jar == places[-1])
        places.pop().unlink()
    oldest = machine.find()

    assert found == [True] * 5
    assert (oldest.source, oldest.jar.name) == ("firebase-tools", "cloud-firestore-emulator-v1.9.2.jar")


def test_environment_wins_without_java_or_jar(tmp_path):
    """FIRESTORE_EMULATOR_HOST is enough, even on a machine without Java and jar."""
    machine = Machine(tmp_path)
    machine.environ["FIRESTORE_EMULATOR_HOST"] = "127.0.0.1:8080"

    assert machine.find() == Found("FIRESTORE_EMULATOR_HOST", host="127.0.0.1:8080")


def test_javas_are_offered_in_order(machine):
    """JAVA_HOME comes before the path, and the Python package comes last."""
    home = machine.put("jdk/bin/java", program=True)
    machine.environ["JAVA_HOME"] = str(machine.folder / "jdk")
    machine.put(f"usr/lib/google-cloud-sdk/{JAR}")

    assert machine.find().javas == (home, machine.folder / "bin" / "java")


def test_machine_without_java_says_what_is_needed(tmp_path):
    """Without any Java the reason is one line that says what to install."""
    answer = Machine(tmp_path).find()

    assert isinstance(answer, NotPossible)
    assert "requirements/java.lock" in answer.reason
    assert "\n" not in answer.reason


def test_machine_without_emulator_says_what_is_needed(machine):
    """Without any jar, and with no download allowed, the reason is one line that says what to do."""
    answer = machine.find()

    assert isinstance(answer, NotPossible)
    assert "FIRESTORE_EMULATOR_HOST" in answer.reason
    assert "\n" not in answer.reason


def test_download_with_a_wrong_checksum_is_refused(machine):
    """A jar that is not the pinned one is neither used nor kept."""
    answer = machine.find(download=lambda target: target.write_bytes(b"something else"))

    assert isinstance(answer, NotPossible)
    assert "checksum" in answer.reason
    assert [path for path in machine.home.rglob("*") if path.is_file()] == []


def test_failed_download_is_reported(machine):
    """A network error becomes part of the reason."""

    def unreachable(_target):
        raise requests.ConnectionError

    answer = machine.find(download=unreachable)

    assert isinstance(answer, NotPossible)
    assert "ConnectionError" in answer.reason


def test_changed_jar_in_our_own_cache_is_refused(machine):
    """The jar in our own cache is checked each time; SLOTBRIDGE_CACHE says where that is."""
    machine.environ["SLOTBRIDGE_CACHE"] = str(machine.folder / "cache")
    machine.put(f"cache/cloud-firestore-emulator-v{firestore_jar.VERSION}.jar", b"tampered")

    assert isinstance(machine.find(), NotPossible)


def test_start_says_why_it_is_impossible():
    """If no emulator was found, the error has the reason."""
    with pytest.raises(EmulatorError, match="no Java"):
        start(NotPossible("no Java"))


def test_start_reports_a_jar_that_does_not_run(machine):
    """A program that ends at once is reported with the last line that it printed."""
    java = machine.put("broken/java", b"#!/bin/sh\necho first\necho no such class\nexit 1\n", program=True)
    found = Found("test", jar=machine.put("some.jar"), javas=(java,))

    with pytest.raises(EmulatorError, match="no such class"):
        start(found)


def test_next_java_is_tried_when_one_is_too_old(machine):
    """If a Java is too old for the jar, the next one is tried."""
    old = machine.put("old/java", b"#!/bin/sh\necho UnsupportedClassVersionError\nexit 1\n", program=True)
    other = machine.put("other/java", b"#!/bin/sh\necho other was tried\nexit 1\n", program=True)

    with pytest.raises(EmulatorError, match="other was tried"):
        start(Found("test", jar=machine.put("some.jar"), javas=(old, other)))


def test_running_emulator_is_used_and_not_stopped():
    """An emulator of the environment is used and keeps running; one that does not answer is an error."""

    def answer(_environ, start_response):
        start_response("200 OK", [])
        return [b"Ok\n"]

    with serve(answer) as served:
        host = served.base_url.removeprefix("http://")
        with start(Found("FIRESTORE_EMULATOR_HOST", host=host)) as emulator:
            shown = emulator.host
        still_there = requests.get(served.base_url, timeout=5).status_code

    assert (shown, still_there) == (host, 200)
    with pytest.raises(EmulatorError, match="nothing answers"):
        start(Found("FIRESTORE_EMULATOR_HOST", host=host))


def test_jar_that_names_its_main_class_is_started_by_it(machine):
    """Firebase's jar is run with -jar, the Google Cloud CLI's by the name of its main class."""
    java = machine.put("echo/java", b'#!/bin/sh\necho "$@"\nexit 1\n', program=True)
    jar = machine.put("firebase.jar")
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: some.Main\n")

    with pytest.raises(EmulatorError, match=r"-jar .*firebase.jar --host=127.0.0.1 --port="):
        start(Found("test", jar=jar, javas=(java,)))
    with pytest.raises(EmulatorError, match=r"-cp .*cli.jar com.google.*CloudFirestore --host"):
        start(Found("test", jar=machine.put("cli.jar"), javas=(java,)))


@pytest.mark.emulator
def test_killed_run_leaves_no_emulator_behind():
    """When the process that started the emulator is killed, the emulator ends too (where Linux can do it)."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is what ties the emulator to its parent")
    if isinstance(found := find({**os.environ, "FIRESTORE_EMULATOR_HOST": ""}), NotPossible):
        pytest.skip(found.reason)
    environ = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    command = [sys.executable, "-m", "local.firestore_emulator"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        host = process.stdout.readline().strip().partition("=")[2]
        with socket.create_connection(("127.0.0.1", int(host.split(":")[1])), timeout=10) as connection:
            process.kill()
            connection.settimeout(10)
            ended = connection.recv(100)
            while ended:
                ended = connection.recv(100)

    assert ended == b""


@pytest.mark.emulator
def test_real_emulator_starts_serves_resets_and_stops(monkeypatch):
    """Google's emulator comes up, keeps a document, forgets it on reset, and is gone after close()."""
    environ = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    found = find(environ)
    if isinstance(found, NotPossible):
        pytest.skip(found.reason)

    with start(found) as emulator:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
        client = firestore.Client(project="demo")
        client.document("a/b").set({"x": 1})
        kept = client.document("a/b").get().to_dict()
        emulator.reset("demo")
        left = client.document("a/b").get().exists
        client.close()
        process = emulator._process

    assert kept == {"x": 1}
    assert not left
    assert process.poll() is not None
    with pytest.raises(ConnectionRefusedError), socket.socket() as probe:
        probe.connect(("127.0.0.1", int(emulator.host.split(":")[1])))
