"""Makes a site of the pages: `make site`. It fetches nothing, neither when made nor when read."""

from importlib.metadata import version as version_of

project = "gramflow"
copyright = "The gramflow maintainers"
version = release = version_of("gramflow")

# The pages are plain Markdown without Sphinx's directives; their order is in _toc.yml.
extensions = ["myst_parser", "sphinx_external_toc"]
external_toc_path = "_toc.yml"
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"gramflow {version}"
html_show_sphinx = False
html_copy_source = False
