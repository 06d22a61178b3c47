"""Write the network that a render's look has trained as an ONNX file, with its card."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.commands import options
from gramflow.engine.portable import card_of, onnx_model
from gramflow.engine.stylizers import Arrays
from gramflow.film.description import describe
from gramflow.settings.looks import Look
from gramflow.settings.schema import remedy
from gramflow.store.arrays import load_arrays
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan, trained_file


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    parser.add_argument("render", help="such as room.starry_night.quick")
    parser.add_argument("-o", "--output", type=Path, help="default: RENDER.onnx, in this folder")
    add_licence(parser)


def run(configfile: Path, render: str, output: Path | None, licence: str) -> None:
    """Write the network. Raises GramflowError while it is not trained."""
    config = options.load_config(configfile)
    if render not in config.painted:
        raise GramflowError(f"there is no render {render}; {remedy(render, config.painted)}")
    chosen = config.painted[render]
    check_network(config.looks[chosen.look])
    output = output or Path(f"{render}.onnx")
    options.check_new(output, ".onnx", "--output")
    plan = current_plan(config, chosen, Layout(config))
    trained = plan and trained_file(plan)
    if not plan or not plan.weights or not trained or not trained.is_file():
        raise GramflowError(f"{render}: its network is not trained yet; train it by gramflow run")
    told = describe(config, chosen, plan.weights)
    write_network(output, render, licence, load_arrays(trained), told)


def add_licence(parser: argparse.ArgumentParser) -> None:
    """Add `--licence`."""
    parser.add_argument(
        "--licence", default="not stated", help="of the network, for its card; default: %(default)s"
    )


def write_network(
    output: Path, name: str, licence: str, arrays: Arrays, told: Mapping[str, Any]
) -> None:
    """Write a network with its card, and say how to use it. Arguments as of `card_of`."""
    write_bytes(output, onnx_model(arrays, card_of(name, licence, arrays, told)))
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB; gramflow live --network {output}")


def check_network(look: Look) -> None:
    """Raise GramflowError unless all that a look paints is painted by a network that it trains."""
    if look.stylizer["name"] != "network":
        raise GramflowError(
            f"looks.{look.name}.stylizer: {look.stylizer['name']} trains no network; give network"
        )
    if look.colours["name"] != "style":
        raise GramflowError(
            f"looks.{look.name}.colours: a network alone does not paint them; give style"
        )
