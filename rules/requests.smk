# Makes files again that exist but are wrong: damaged, incomplete, or, where the name has no digest,
# made by another config. While a run is planned, input functions only check such files
# (gramflow/store/checks.py). For a wrong one they ask for a request file, which does not exist yet.
# It is an input of the rule that makes the file, and so makes that rule run. Nothing is changed
# before Snakemake has its lock, and a dry run shows everything.
from functools import partial

from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask
from gramflow.film.plan import Plan
from gramflow.media.probe import Probe
from gramflow.store import checks, products
from gramflow.store.frames import Listing, extracted_store, mask_store, painted_store
from gramflow.view.page import index

PAINTED = Listing(painted_store(CONFIG.store))

# requests by path; kept for the whole run, since the run repairs the files
REQUESTS = {}


def again(path, is_good):
    """The request to make a file again, if it exists but is wrong. Only the main process asks."""
    if not workflow.is_main_process:
        return []
    if path not in REQUESTS:
        REQUESTS[path] = [] if not exists(path) or is_good(path) else [request(path)]
    return REQUESTS[path]


def request(path):
    """Name of a request file for `path` that does not exist yet."""
    number = 1
    while exists(layout.REQUEST.format(path=path, number=number)):
        number += 1
    return layout.REQUEST.format(path=path, number=number)


def again_readable(path, kind):
    """As `again`; the file is good if `kind.load` can read it."""
    return again(
        path, lambda path: checks.is_readable(partial(load_once, kind), fetch(path))
    )


def again_probe(video):
    return again_readable(LAYOUT.probe(video), Probe)


def again_manifest(video):
    def is_good(path):
        return checks.has_all_frames(
            fetch(path), Listing(extracted_store(CONFIG.store))
        )

    return again(LAYOUT.manifest(video), is_good)


def again_mask(video, mask):
    def is_good(path):
        listing = Listing(mask_store(CONFIG.store))
        return checks.has_all_frames(fetch(path), listing, Mask)

    return again(LAYOUT.mask(video, mask), is_good)


def again_weights():
    return again_readable(LAYOUT.weights, Weights)


def again_plan(render):
    return again_readable(LAYOUT.plan(CONFIG.painted[render]), Plan)


def again_arrays(path):
    return again(path, lambda path: checks.is_whole_archive(fetch(path)))


def again_record(render, part):
    job = plan_of(render).jobs[part]
    path = layout.record(render, part, job.claim)
    return again(path, lambda path: checks.has_all_painted(fetch(path), job, PAINTED))


def again_product(render, product):
    """As `again`, for a film or a report; it is good if its certificate fits its files."""
    plan = plan_of(render)
    first = products.files(product, CONFIG.encode)[0].format(render=render)
    return again(first, lambda _: is_made(render, product, plan))


def is_made(render, product, plan):
    """Whether the files of a product are there, and its certificate fits them and the plan."""
    files = [
        path.format(render=render) for path in products.files(product, CONFIG.encode)
    ]
    certificate = layout.CERTIFICATE.format(render=render, product=product)
    claim = product_claim(render, product, plan)
    sizes = {file: size_of(file) for file in files if exists(file)}
    return exists(certificate) and checks.holds(fetch(certificate), claim, sizes)


def is_shown(render):
    """Whether the page has what the config wants of a render."""
    try:
        return is_made(render, "page", plan_of_job(render))
    except FileNotFoundError:
        return False


def unmade():
    """The renders that the page does not have."""
    return {
        name: render for name, render in CONFIG.renders.items() if not is_shown(name)
    }


# The output that stands for the page. Without a storage it is not the page itself, which is written
# at a run's start, too, and which two runs may share.
INDEX = layout.INDEX if APART else LAYOUT.index


def again_index(_):
    """As `again`, for the page of the run; it is good if it is that of the config's renders.

    In a storage its size stands for it: a fetched copy of an output would stop Snakemake.
    """
    expected = index(CONFIG).encode()

    def is_good(path):
        if APART:
            return size_of(path) == len(expected)
        page = Path(layout.INDEX)
        return page.is_file() and page.read_bytes() == expected

    return again(INDEX, is_good)


def get_requests(_):
    """All requests that can be found before the renders are planned."""
    videos = sorted({render.video for render in CONFIG.renders.values()})
    masks = sorted(
        {
            (render.video, mask)
            for render in CONFIG.renders.values()
            for mask in CONFIG.masks_of(render)
        }
    )
    found = [*map(again_probe, videos), *map(again_manifest, videos), again_weights()]
    found += [again_mask(*mask) for mask in masks]
    return sum([*found, *map(again_plan, CONFIG.painted)], [])


def get_later_requests(_):
    """All requests that can only be found from the renders' plans."""
    found = []
    for render in CONFIG.painted:
        for path in [*targets_of(render), *trained_of(render)]:
            found += again_arrays(path)
        for part in plan_of(render).jobs:
            found += again_record(render, part)
    for render in CONFIG.renders:
        for product in products.PRODUCTS:
            found += again_product(render, product)
    found += again_index(None)
    return list(dict.fromkeys(found))
