"""Write the network that a render's look has trained as an ONNX file, with its card."""

import argparse
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.commands import options
from gramflow.engine.portable import card_of, onnx_model
from gramflow.film.description import describe
from gramflow.settings.config import Look
from gramflow.settings.schema import remedy
from gramflow.store.arrays import load_arrays
from gramflow.store.layout import TRAINED, Layout
from gramflow.store.plans import current_plan


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    parser.add_argument("render", help="such as room.starry_night.quick")
    parser.add_argument("-o", "--output", type=Path, help="default: RENDER.onnx, in this folder")
    parser.add_argument(
        "--licence", default="not stated", help="of the network, for its card; default: %(default)s"
    )


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
    trained = plan and Path(TRAINED.format(render=render, digest=plan.trained))
    if not plan or not plan.weights or not trained or not trained.is_file():
        raise GramflowError(f"{render}: its network is not trained yet; train it by gramflow run")
    arrays = load_arrays(trained)
    card = card_of(render, licence, arrays, describe(config, chosen, plan.weights))
    write_bytes(output, onnx_model(arrays, card))
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
