"""Compare two models, runs or reports on the same data: which reads better, where, and is it chance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from . import _command, _options, _progress
from ._storage import check_folder, write_atomically
from .comparison.differences import Comparison, Difference, UnitErrors, compare
from .comparison.images import images_of
from .comparison.overlap import find_overlap
from .comparison.picture import Line, draw
from .comparison.readings import Readings, matched, read_report, read_with, report_at
from .errors import UsageError
from .runtime.loading import load
from .text.metrics import worst

SHOWN = 8  # letters, words and groups that are printed; --json has all


def parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        prog="gluon-htr compare",
        description=__doc__,
        epilog="example: gluon-htr compare english-lines runs/mine --data 'listing:mine/labels.tsv?split=validation' "
        "--output worst.png",
    )
    what = "a model, the folder of a run, or a folder that evaluate --report wrote"
    parser.add_argument("a", metavar="A", help=what)
    parser.add_argument("b", metavar="B", help="the same, for the other one")
    _options.add_data(parser, "data to compare on; reports already have theirs", required=False)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a picture of the worst lines there, a PNG")
    lines = "worst lines of each that are drawn (default: %(default)s)"
    parser.add_argument("--lines", type=_options.count, default=10, metavar="N", help=lines)
    _options.add_reading(parser)
    _options.add_decoder(parser, "greedy")
    _options.add_json(parser, "the comparison")
    return parser


def run(options: argparse.Namespace) -> int:
    """Compare A with B, print the differences, and draw the worst lines."""
    reports = {name: read_report(folder) for name in (options.a, options.b) if (folder := report_at(Path(name)))}
    data = options.data or next((list(report.data) for report in reports.values()), None)
    if not data:
        raise UsageError("A and B are models: give the data to compare them on with --data")
    if options.data and len(reports) == len({options.a, options.b}):
        raise UsageError("A and B are reports and have their data: leave out --data")
    if len(reports) == len({options.a, options.b}):
        used = {"a", "b", "output", "lines", "json"}
        _options.refuse_others(parser(), options, used, "A and B are reports, which are not read again")
    if options.output:
        check_folder(options.output.parent)
    decoder = _options.decoder(options)

    def readings(name: str) -> Readings:
        if name in reports:
            return reports[name]
        recognizer = load(name, options.engine, options.threads, precision=options.precision, decoder=decoder)
        return read_with(recognizer, name, data, _progress.track)

    a, b = matched(readings(options.a), readings(options.b))
    _command.say_left_out(a.problems or b.problems, "evaluate --report DIR")
    groups = a.groups or b.groups
    if not groups:
        _command.say("warning: the reports have no groups, so every line counts as independent: evaluate them again")
    found = compare(a.truths, a.texts, b.texts, groups or [str(k) for k in range(len(a.ids))])
    overlaps = {side: find_overlap(one.model, data, a.ids, a.truths) for side, one in (("A", a), ("B", b))}
    for side, overlap in overlaps.items():
        if told := overlap.told(len(a.ids)):
            _command.say(f"warning: {side} was not scored on unknown data: {told}")
    if options.output:
        write_atomically(options.output, draw(_worst_lines(a, b, data, options.lines)))
    if options.json:
        content = {"a": a.name, "b": b.name, "data": data, "overlap": overlaps, **msgspec.structs.asdict(found)}
        print(msgspec.json.encode(content).decode())
    else:
        print(_words(found, a.name, b.name, single=all(len(text) == 1 for text in a.truths)))
    return 0


def _worst_lines(a: Readings, b: Readings, data: Sequence[str], count: int) -> list[Line]:
    chosen = list(dict.fromkeys(k for side in (a, b) for k in worst(a.truths, side.texts, count)))
    images = images_of(data, [(a.ids[k], a.truths[k]) for k in chosen])
    return [Line(a.ids[k], image, a.truths[k], a.texts[k], b.texts[k]) for k, image in zip(chosen, images)]


def _words(found: Comparison, a: str, b: str, single: bool) -> str:
    """Word the differences. single: the texts are single characters, which have no words."""
    rows = [f"A  {a}", f"B  {b}", f"{'':12}{'A':>8}{'B':>8}{'B - A':>9}   95 % interval"]
    figures = {"CER": found.cer, "WER": found.wer, "exact rate": found.exact_rate}
    if single:
        figures = {"accuracy": found.exact_rate}
    rows += [f"{name:12}{_figures(figure)}" for name, figure in figures.items()]
    rows.append(f"{'n':12}{found.samples} samples, {found.characters} characters, {found.groups} groups")
    rows.append(f"{'verdict':12}{found.verdict}")
    right = found.words_right
    name = "right" if single else "words right"
    rows.append(f"{name:12}{right.both} in both, {right.only_a} in A only, {right.only_b} in B only, ")
    rows[-1] += f"{right.neither} in none"
    better = [sum(row.b < row.a for row in found.by_group), sum(row.b > row.a for row in found.by_group)]
    rows.append(f"{'groups':12}B reads {better[0]} better and {better[1]} worse")
    changed = [row for row in found.by_group if row.a != row.b][:SHOWN]
    rows += [f"  {row.name[:40]:40} {row.a:>6} → {row.b} errors in {row.characters} characters" for row in changed]
    for name, units in (("letters", found.letters), *[("words", found.words)] * (not single)):
        changed_units = [unit for unit in units if unit.a != unit.b][:SHOWN]
        rows += [f"{name:12}errors of A → B; * is real"] * bool(changed_units) + list(map(_unit, changed_units))
    return "\n".join(rows)


def _figures(figure: Difference) -> str:
    return f"{figure.a:>8.4f}{figure.b:>8.4f}{figure.difference:>+9.4f}   [{figure.low:+.4f}, {figure.high:+.4f}]"


def _unit(unit: UnitErrors) -> str:
    name = "(inserted)" if not unit.text else repr(unit.text) if unit.text.isspace() else unit.text
    return f"{'*' if unit.real else ' '} {name[:40]:40} {unit.a:>6} → {unit.b}" + f" of {unit.count}" * bool(unit.text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    options = parser().parse_args(arguments)
    _options.check_threads(options.threads)
    return run(options)


if __name__ == "__main__":
    sys.exit(_command.main(main))
