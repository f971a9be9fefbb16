#!/usr/bin/env python3
"""tools/proof: what is missing is "not run", what is there is printed as it is, and nothing else."""
import json
import re
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import evidence
from tool_module import tool_module


proof = tool_module("proof")


class Proof(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.build = Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def text(self, section):
        return "\n".join(section(self.build))

    def test_what_is_missing_is_not_run(self):
        for section in (proof.mutants, proof.faults, proof.coverage):
            self.assertRegex(self.text(section), r"^Not run\. The command is `\./dev \w+`\.$")
        for section, least in ((proof.sanitizers, 3), (proof.fuzzing, 2)):
            lines = section(self.build)
            self.assertGreaterEqual(len(lines), least)
            for line in lines:
                self.assertRegex(line, r": not run\. The command is `\./dev ")
        self.assertIn("Not run. The command is `./dev test`.", self.text(proof.tests))

    def test_what_is_there_is_printed(self):
        kinds = {"SIGKILL": {"interruptions": 12, "resumed": 9, "refused": 1, "lost": 2},
                 "SIGINT": {"interruptions": 5, "resumed": 5, "refused": 0, "lost": 0}}
        evidence.leave(self.build, "faults", "./dev faults --seed 3", {"skipped": {"tmpfs": "no mount"}, "kinds": kinds})
        text = self.text(proof.faults)
        self.assertIn("| SIGKILL | 12 | 9 | 1 | 2 |", text)
        self.assertIn("| all | 17 | 14 | 1 | 2 |", text)
        self.assertIn("Skipped: tmpfs (no mount).", text)
        self.assertRegex(text, r"`\./dev faults --seed 3`, \d{4}-\d\d-\d\d, commit \w+")
        evidence.leave(self.build, "sanitize-tsan", "./dev sanitize tsan", {"summary": "FAILED: 3 reports"})
        self.assertIn("- ThreadSanitizer: FAILED: 3 reports. `./dev sanitize tsan`", self.text(proof.sanitizers))
        evidence.leave(self.build, "coverage", "./dev coverage", {"areas": {"nn": [200, 190], "train": [0, 0]}})
        self.assertIn("| nn | 200 | 190 | 95.0% |", self.text(proof.coverage))
        evidence.leave(self.build, "tests", "./dev test", {"entries": 150, "failed": 1})
        self.assertIn("Of 150 entries of `ctest`, 1 failed.", self.text(proof.tests))

    def test_a_mutant_counts_only_for_the_sources_of_today(self):
        (self.build / "mutants").mkdir()
        (self.build / "compile_commands.json").write_text("[]")
        (self.build / "mutants/results.jsonl").write_text(
            '{"key": "of other sources", "name": "checkpoint_without_muon", "outcome": "killed"}\n{"ke')
        rows = [line for line in proof.mutants(self.build) if line.startswith("| ")]
        everything = [int(cell) for cell in re.findall(r"\| (\d+)", rows[-1])]
        self.assertGreater(everything[0], 100)
        self.assertEqual(everything[1:], [0, 0, 0, everything[0]])  # killed, by exception, survived, not run

    def test_what_an_exception_stopped_is_not_killed(self):
        tool = tool_module("mutants")
        mutant = next(m for m in tool.all_mutants() if m.name == "checkpoint_without_muon")
        (self.build / "mutants").mkdir()
        (self.build / "compile_commands.json").write_text("[]")
        tool.Build.key = lambda build, concept, texts: concept + str(sorted(texts.values()))
        key = tool.Build.key(None, mutant.concept, tool.mutated(mutant))
        (self.build / "mutants/results.jsonl").write_text(
            json.dumps({"key": key, "name": mutant.name, "outcome": "exception"}))
        with unittest.mock.patch.object(proof, "tool_module", lambda name: tool):
            rows = [line for line in proof.mutants(self.build) if line.startswith("| all")]
        self.assertRegex(rows[0], r"^\| all \| \d+ \| 0 \| 1 \| 0 \| \d+ \|$")

    def test_test_cases_are_counted_as_they_stand(self):
        rows = [line for line in proof.tests(self.build) if line.startswith("| ")]
        numbers = [[int(cell) for cell in re.findall(r"\| (\d+)", row)] for row in rows[1:]]
        self.assertEqual(len(numbers), len(proof.AREAS) + 1)
        self.assertEqual([sum(column) for column in zip(*numbers[:-1])], numbers[-1])
        for row in numbers:  # every test case has one of the kinds
            self.assertEqual(sum(row[:-1]), row[-1])


if __name__ == "__main__":
    unittest.main()
