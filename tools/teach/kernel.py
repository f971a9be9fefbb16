#!/usr/bin/env python3
"""A Jupyter kernel for C++: the cells of our notebooks, to run one by one and to change. It speaks through clang-repl.

  kernel.py install FOLDER --build DIR    so that JUPYTER_PATH=FOLDER jupyter notebook finds it
  kernel.py -f CONNECTION                 how Jupyter starts it

clang-repl does not recover from a cell that it cannot parse, so clang++ reads every cell first, behind the cells that
were run before it; only what it accepts is run. A cell that crashes ends the session: the next one begins anew.
"""
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading

import notebook

END = b"\x1f"  # the session prints it after each cell
CELL_LIMIT = 600  # seconds


class Session:
    """One clang-repl, our library loaded into it. run(cell) gives what the cell printed, or raises CellError."""

    def __init__(self, build):
        self.repl, self.flags = notebook.find_repl(), notebook.repl_flags(build)
        if self.repl is None:
            raise CellError("clang-repl is not installed (Debian: clang-tools-22)")
        self.folder = tempfile.TemporaryDirectory()
        self.accepted = []  # the files of the cells that ran
        self.library = notebook.shared_library(build)
        self.process = None

    def start(self):
        # The session's own output reaches us through a pipe. Frames make pictures; threads that wait sleep.
        environment = {**os.environ, "LIMPID_NOTEBOOK": "1", "OMP_WAIT_POLICY": "passive"}
        self.process = subprocess.Popen([self.repl] + [f"-Xcc={flag}" for flag in self.flags], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.arrived, self.complaints = queue.Queue(), []
        threading.Thread(target=self._read_output, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        self.accepted = []
        self._send(f"%lib {self.library}\n#include <cstdio>\n")

    def _read_output(self):
        while chunk := self.process.stdout.read1(65536):
            self.arrived.put(chunk)
        self.arrived.put(None)  # the session has ended

    def _read_errors(self):
        for line in self.process.stderr:
            self.complaints.append(line.decode(errors="replace"))

    def _send(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its output ends too: run says so

    def run(self, text):
        if self.process is None:
            self.start()
        cell = pathlib.Path(self.folder.name) / f"cell{len(self.accepted)}.cpp"
        cell.write_text(text + "\n")
        self._check(cell)
        self.complaints.clear()
        self._send(f'#include "{cell}"\nstd::printf("\\x1f"); std::fflush(stdout);\n')
        printed = b""
        while END not in printed:
            try:
                chunk = self.arrived.get(timeout=CELL_LIMIT)
            except queue.Empty:
                self.stop()
                raise CellError(f"the cell did not end within {CELL_LIMIT} s; run the cells again", printed) from None
            if chunk is None:
                why = "".join(self.complaints[:5])
                self.stop()
                raise CellError(f"the cell ended the session; run the cells before it again\n{why}", printed)
            printed += chunk
        self.accepted.append(cell)
        return printed[:printed.index(END)]

    def _check(self, cell):
        compiler = self.repl.replace("clang-repl", "clang++")
        before = [word for file in self.accepted for word in ("-include", str(file))]
        done = subprocess.run([compiler, "-fsyntax-only", "-Xclang", "-fincremental-extensions", "-D__CLANG_REPL__=1",
                               *self.flags, *before, "-x", "c++", str(cell)], capture_output=True, text=True)
        if done.returncode != 0:
            raise CellError(done.stderr.replace(str(cell), "cell"))

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.process = None


class CellError(Exception):
    """Why a cell failed, and what it had printed."""

    def __init__(self, why, printed=b""):
        super().__init__(why)
        self.printed = printed


def contents(printed):
    """Jupyter's messages, (type, content), for what a cell printed."""
    for frame in notebook.frames(printed):
        if frame[0] == "text":
            yield "stream", {"name": "stdout", "text": frame[1]}
        elif frame[0] == "show":
            yield "display_data", {"data": {frame[1]: frame[3]}, "metadata": {}}


def kernel_class():
    """The kernel; a function, so that this file can be read where ipykernel is not installed."""
    from ipykernel.kernelbase import Kernel

    class CppKernel(Kernel):
        implementation, implementation_version = "limpid", "1"
        banner = "C++20 through clang-repl, with Limpid's library"
        language_info = notebook.LANGUAGE

        def __init__(self, **words):
            super().__init__(**words)
            self.clang = None

        def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False):
            count = {"execution_count": self.execution_count}
            try:
                if self.clang is None:
                    self.clang = Session(pathlib.Path(os.environ["LIMPID_BUILD"]))
                printed, error = self.clang.run(code), None
            except CellError as wrong:
                printed, error = wrong.printed, str(wrong)
            except KeyboardInterrupt:
                self.clang.stop()
                printed, error = b"", "interrupted: run the cells before it again"
            for kind, content in contents(printed) if not silent else ():
                self.send_response(self.iopub_socket, kind, content)
            if error is None:
                return {"status": "ok", **count, "payload": [], "user_expressions": {}}
            wrong = {"ename": "cell", "evalue": error.split("\n")[0], "traceback": error.split("\n")}
            if not silent:
                self.send_response(self.iopub_socket, "error", wrong)
            return {"status": "error", **count, **wrong}

        def do_shutdown(self, restart):
            if self.clang is not None:
                self.clang.stop()
                self.clang = None
            return {"status": "ok", "restart": restart}

    return CppKernel


def install(folder, build):
    """Jupyter looks for kernels/NAME/kernel.json in each folder of JUPYTER_PATH."""
    spec = {"argv": [sys.executable, str(pathlib.Path(__file__).resolve()), "-f", "{connection_file}"],
            "display_name": notebook.KERNEL["display_name"], "language": notebook.KERNEL["language"],
            "env": {"LIMPID_BUILD": str(build)}}
    notebook.write(folder / "kernels" / notebook.KERNEL["name"] / "kernel.json", json.dumps(spec, indent=1) + "\n")


def main():
    if sys.argv[1:2] == ["install"] and sys.argv[3:4] == ["--build"] and len(sys.argv) == 5:
        return install(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[4]).resolve())
    if sys.argv[1:2] != ["-f"]:
        sys.exit(__doc__)
    from ipykernel.kernelapp import IPKernelApp
    IPKernelApp.launch_instance(kernel_class=kernel_class())


if __name__ == "__main__":
    main()
