"""Downloads from a server on this machine that cuts, lies and refuses; archives that want out of their folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.trees import some_events, write_bin40

from aestream.datasets import n_mnist, published
from aestream.datasets.archives import extract
from aestream.datasets.download import fetch
from aestream.datasets.published import Archive, Source

DATA = bytes(range(256)) * 4000
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers by the address: ``/cut/N`` breaks off after N bytes, and so on."""

    def do_GET(self):
        server = self.server
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        offset = int(match[1]) if match else 0
        server.asked.append(offset)
        kind, _, number = self.path.strip("/").partition("/")
        body, headers, status = server.files.get(kind, DATA), {}, 200
        if kind == "404":
            self.send_error(404)
            return
        if (offset and kind == "416") or offset > len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{number or len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if offset and kind != "ignores-range":
            start = 7 if kind == "wrong-range" else offset
            body, status = body[start:], 206
            headers["Content-Range"] = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
        self.send_response(status)
        if kind != "no-length":
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: int(number)] if kind == "cut" else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.files = [], {}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


def test_a_file_is_fetched_once(server, tmp_path):
    path = fetch(f"{server.url}/whole", tmp_path / "deep" / "a.zip", md5=MD5, size=len(DATA))
    assert path.read_bytes() == DATA
    fetch(f"{server.url}/whole", path, md5=MD5)
    assert server.asked == [0]
    assert [each.name for each in path.parent.iterdir()] == ["a.zip"]


def test_a_file_of_another_hash_is_fetched_anew(server, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"old")
    assert fetch(f"{server.url}/whole", tmp_path / "a.zip", md5=MD5).read_bytes() == DATA


def test_a_cut_download_goes_on_where_it_was(server, tmp_path):
    path = fetch(f"{server.url}/cut/400000", tmp_path / "a", md5=MD5)
    assert path.read_bytes() == DATA
    assert server.asked == [0, 400000, 800000]


def test_a_later_call_goes_on_with_what_is_there(server, tmp_path):
    (tmp_path / "a.part").write_bytes(DATA[:1000])
    assert fetch(f"{server.url}/whole", tmp_path / "a", md5=MD5).read_bytes() == DATA
    assert server.asked == [1000]


def test_a_server_that_always_cuts_is_given_up(server, tmp_path):
    with pytest.raises(OSError, match=r"cut/0: the server broke off 3 times at byte 0"):
        fetch(f"{server.url}/cut/0", tmp_path / "a")
    assert len(server.asked) == 3 and not (tmp_path / "a").exists()


@pytest.mark.parametrize("kind", ["wrong-range", "ignores-range", "416/5"])
def test_a_server_that_cannot_go_on_is_asked_from_the_start(server, tmp_path, kind):
    (tmp_path / "a.part").write_bytes(b"\xff" * 1000)
    assert fetch(f"{server.url}/{kind}", tmp_path / "a", md5=MD5).read_bytes() == DATA


def test_a_whole_part_needs_no_more(server, tmp_path):
    (tmp_path / "a.part").write_bytes(DATA)
    fetch(f"{server.url}/416/{len(DATA)}", tmp_path / "a", md5=MD5)
    assert server.asked == [len(DATA)]


def test_a_length_is_not_needed(server, tmp_path):
    assert fetch(f"{server.url}/no-length", tmp_path / "a", md5=MD5).read_bytes() == DATA


def test_another_hash_or_size_is_told_and_deleted(server, tmp_path):
    with pytest.raises(ValueError, match=f"expected the MD5 {'0' * 32}, found {MD5}"):
        fetch(f"{server.url}/whole", tmp_path / "a", md5="0" * 32)
    with pytest.raises(ValueError, match=f"expected 5 bytes, found {len(DATA)}"):
        fetch(f"{server.url}/whole", tmp_path / "a", size=5)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_names_address_and_status(server, tmp_path):
    with pytest.raises(OSError, match=r"127\.0\.0\.1:\d+/404: the server answered 404 Not Found"):
        fetch(f"{server.url}/404", tmp_path / "a")


def test_a_server_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OSError, match=r"http://127\.0\.0\.1:1/a: .*refused"):
        fetch("http://127.0.0.1:1/a", tmp_path / "a")


def zip_of(entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def tar_of(path, entries):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            if data is None:
                entry.type, entry.linkname = tarfile.SYMTYPE, "/etc"
            else:
                entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data or b""))


def test_archives_are_unpacked_with_those_inside(tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_of({"set/x.txt": b"x", "set/inner.zip": zip_of({"deep/y.txt": b"y"})}))
    extract(tmp_path / "a.zip", tmp_path / "out")
    tar_of(tmp_path / "b.tar.gz", {"other/z.txt": b"z"})
    extract(tmp_path / "b.tar.gz", tmp_path / "out")
    (tmp_path / "c.h5.gz").write_bytes(gzip.compress(b"h5"))
    extract(tmp_path / "c.h5.gz", tmp_path / "out")
    files = {str(each.relative_to(tmp_path / "out")) for each in (tmp_path / "out").rglob("*") if each.is_file()}
    assert files == {"set/x.txt", "set/deep/y.txt", "other/z.txt", "c.h5"}


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_entries_that_lie_outside_are_refused(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(zip_of({"fine": b"", name: b""}))
    tar_of(tmp_path / "b.tar.gz", {"fine": b"", name: b""})
    for archive in ("a.zip", "b.tar.gz"):
        with pytest.raises(ValueError, match="would lie outside of the folder"):
            extract(tmp_path / archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_links_are_refused(tmp_path):
    tar_of(tmp_path / "b.tar.gz", {"link": None})
    with pytest.raises(ValueError, match="entry 'link' is a link or a device"):
        extract(tmp_path / "b.tar.gz", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc")
    with pytest.raises(ValueError, match="entry 'link' is a link"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_damaged_archives_and_names_that_are_taken_are_told(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="expected a zip, tar or gzip archive"):
        extract(tmp_path / "a.zip", tmp_path)
    (tmp_path / "b.h5.gz").write_bytes(gzip.compress(b"h5" * 99)[:-12])
    with pytest.raises(ValueError, match=r"b\.h5\.gz' is damaged"):
        extract(tmp_path / "b.h5.gz", tmp_path / "out")
    (tmp_path / "c.zip").write_bytes(zip_of({"c.zip": b"x", "d": b""}))
    (tmp_path / "d").mkdir()
    with pytest.raises(ValueError, match=r"zip"):
        extract(tmp_path / "c.zip", tmp_path)


def test_a_data_set_is_downloaded_and_unpacked(server, tmp_path, monkeypatch):
    write_bin40(tmp_path / "made" / "4.bin", some_events(shape=(34, 34)))
    server.files["train.zip"] = zip_of({"Train/4/1.bin": (tmp_path / "made" / "4.bin").read_bytes()})
    md5 = hashlib.md5(server.files["train.zip"], usedforsecurity=False).hexdigest()
    archive = Archive("train.zip", md5, f"{server.url}/train.zip")
    monkeypatch.setitem(n_mnist.SOURCE.archives, "train", (archive,))
    dataset = n_mnist.NMNIST(tmp_path / "root", download=True)
    assert dataset.labels == [4] and len(server.asked) == 1
    assert [each.name for each in (tmp_path / "root").iterdir()] == ["Train"]
    n_mnist.NMNIST(tmp_path / "root", download=True)
    assert len(server.asked) == 1


def test_hashes_may_be_the_publishers_to_look_up(server, tmp_path):
    server.files["a.h5.gz"] = gzip.compress(b"spikes")
    md5 = hashlib.md5(server.files["a.h5.gz"], usedforsecurity=False).hexdigest()
    server.files["sums"] = f"{'0' * 32}  b.h5.gz\n{md5}  ./a.h5.gz\n".encode()
    archive = Archive("a.h5.gz", url=f"{server.url}/a.h5.gz", md5_url=f"{server.url}/sums")
    source = Source("a set", "https://page", "free", "nobody", {"": (archive,)})
    assert source.find(tmp_path / "root", ["a.h5"], download=True) == tmp_path / "root"
    assert (tmp_path / "root" / "a.h5").read_bytes() == b"spikes"
    server.files["sums"] = b"nothing\n"
    with pytest.raises(ValueError, match=r"expected the MD5 of a\.h5\.gz at .*found none"):
        source.find(tmp_path / "other", ["a.h5"], download=True)


def test_choices_are_told():
    with pytest.raises(ValueError, match="side must be one of 'left', 'right'; got 'up'"):
        published.check_choice("side", "up", ("left", "right"))
