"""_core.pyi names exactly what the extension holds: modules, classes, members and argument names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import aestream
from aestream import _core

STUB = ast.parse(Path(aestream.__file__).with_name("_core.pyi").read_text())


def stub_names(body: list[ast.stmt]) -> set[str]:
    """The public functions, classes and attributes of a stub's module or class."""
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def public_names(holder: object) -> set[str]:
    """The same of the extension itself."""
    return {name for name in vars(holder) if not name.startswith("_")}


def stub_functions() -> list[tuple[str, list[str]]]:
    """Every function or method that is not overloaded, by dotted name, with its arguments' names."""
    classes = [node for node in STUB.body if isinstance(node, ast.ClassDef)]
    scopes = [("", STUB.body), *((f"{node.name}.", node.body) for node in classes)]
    functions = [(scope, node) for scope, body in scopes for node in body if isinstance(node, ast.FunctionDef)]
    plain = [(scope, node) for scope, node in functions if not node.decorator_list and not node.name.startswith("__")]
    return [(scope + node.name, [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]) for scope, node in plain]


def test_stub_names_what_the_module_holds():
    assert stub_names(STUB.body) == public_names(_core)


@pytest.mark.parametrize("cls", [node for node in STUB.body if isinstance(node, ast.ClassDef)], ids=lambda c: c.name)
def test_stub_names_what_a_class_holds(cls):
    assert stub_names(cls.body) == public_names(getattr(_core, cls.name))


@pytest.mark.parametrize(("name", "arguments"), stub_functions())
def test_stub_names_the_arguments(name, arguments):
    function = _core
    for part in name.split("."):
        function = getattr(function, part)
    signature = function.__doc__.splitlines()[0]
    for argument in arguments:
        assert f"{argument}: " in signature, f"{name} has no argument {argument}: {signature}"
