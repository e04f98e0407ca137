"""The borders of ARCHITECTURE.md, as far as a search through the sources can see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted(path for path in (ROOT / "csrc").rglob("*.[ch]pp") if "bindings" not in path.parts)
KERNELS = sorted((ROOT / "csrc").rglob("*.cuh"))
DECODERS = sorted(path for path in (ROOT / "csrc" / "decode").rglob("*.[ch]pp"))
PYTHON = sorted((ROOT / "aestream").rglob("*.py"))
SOURCES = [*CORE, *KERNELS, *sorted((ROOT / "csrc" / "bindings").iterdir()), *PYTHON]
LIMITS = {".cpp": 250, ".hpp": 250, ".cuh": 250, ".py": 300}


def includes(path: Path) -> list[str]:
    """What a C++ file includes, without brackets or quotes."""
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def name(path: Path) -> str:
    """How a failure names the file."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_knows_neither_python_nor_torch(path):
    foreign = re.compile(r"pybind11|Python\.h|torch|ATen|c10|numpy|bindings/", re.IGNORECASE)
    assert not [header for header in includes(path) if foreign.search(header)]


@pytest.mark.parametrize("path", KERNELS, ids=name)
def test_kernels_include_only_one_another(path):
    assert path.parent == ROOT / "csrc" / "accumulate" / "cuda"
    assert {path.name for path in KERNELS}.issuperset(includes(path))


def test_nothing_includes_or_links_cuda():
    foreign = re.compile(r"^(cuda|nvrtc|cuda_runtime)\w*\.h$|^cuda_", re.IGNORECASE)
    assert not [path for path in SOURCES if path.suffix != ".py" for header in includes(path) if foreign.search(header)]
    assert not re.search(
        r"CUDA::|find_package\(CUDA|enable_language\(CUDA|-lcuda", (ROOT / "CMakeLists.txt").read_text()
    )


@pytest.mark.parametrize("path", DECODERS, ids=name)
def test_decoders_do_no_io(path):
    own = ("core/byte", "core/error.hpp", "core/event.hpp", "core/interrupt.hpp", "core/multiversion.hpp", "decode/")
    assert not [header for header in includes(path) if "/" in header and not header.startswith(own)]
    streams = {"fstream", "iostream", "cstdio", "stdio.h", "filesystem", "thread", "mutex", "unistd.h", "chrono"}
    assert not streams.intersection(includes(path))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= LIMITS[path.suffix]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_open_with_what_they_are(path):
    assert path.read_text().startswith("//" if path.suffix in {".cpp", ".hpp", ".cuh"} else '"""')


@pytest.mark.parametrize("path", [path for path in PYTHON if path.parts[-2] in {"datasets", "streams"}], ids=name)
def test_datasets_and_streams_take_no_bits_apart(path):
    assert not re.search(r"\bimport struct\b|\bunpack\(|frombuffer|bitwise_and|>> ?\d", path.read_text())


def test_no_file_of_the_core_lies_outside_a_room():
    assert not list((ROOT / "csrc").glob("*.[ch]pp")) and not list((ROOT / "csrc").glob("*.cuh"))


def test_no_two_types_of_the_core_share_a_name():
    """What two headers define differently, the linker takes from either."""
    homes: dict[str, set[str]] = {}
    for path in CORE:
        if path.suffix == ".hpp":
            text = path.read_text()
            space = re.search(r"^namespace ([\w:]+) \{", text, re.MULTILINE)
            for found in re.findall(r"^(?:struct|class|enum class) (\w+)[^;]*?\{|^using (\w+) =", text, re.MULTILINE):
                homes.setdefault(f"{space and space[1]}::{''.join(found)}", set()).add(name(path))
    assert len(homes) > 100
    assert not {type: found for type, found in homes.items() if len(found) > 1}


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name != "__init__.py"], ids=name)
def test_no_module_depends_on_what_the_package_exports(path):
    assert not re.search(r"^\s*(from aestream import|import aestream$)", path.read_text(), re.MULTILINE)


def test_only_the_bindings_link_python():
    cmake = (ROOT / "CMakeLists.txt").read_text()
    assert "torch" not in cmake.lower().replace("python nor torch", "")
    assert "target_link_libraries(aestream_core PUBLIC Threads::Threads)" in cmake
