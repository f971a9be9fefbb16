"""Tools are commands, without .py in their names; here one of them is loaded as a module, for another tool or a
test."""
import importlib.machinery
import importlib.util
import sys
from pathlib import Path


def tool_module(name):
    """tools/NAME as a module."""
    sys.dont_write_bytecode = True  # it would lie beside the tool
    loader = importlib.machinery.SourceFileLoader(name, str(Path(__file__).with_name(name)))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module  # its dataclasses look for their module by name
    loader.exec_module(module)
    return module
