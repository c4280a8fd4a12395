"""How Sphinx builds the handbook: `python3 packaging/build.py docs` calls it with every warning as an error."""

import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

project = "Ritornello"
author = "the makers of Ritornello"
project_copyright = f"{author}; MIT licence"
version = release = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]
language = "en_GB"

extensions = ["myst_parser", "handbook"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_static"]
highlight_language = "text"

html_theme = "furo"
html_title = f"Ritornello {version}"
html_static_path = ["_static"]
html_css_files = ["handbook.css"]
html_copy_source = html_show_sourcelink = False  # the sources are elsewhere
html_show_search_summary = False  # its script would fetch pages, which a browser forbids where there is no server
html_use_index = False
html_theme_options = {
    # The colours of resources/themes/tokens.json: blue is what you wrote, amber what the model did.
    "light_css_variables": {
        "color-brand-primary": "#1B4F9E",
        "color-brand-content": "#1B4F9E",
        "color-background-primary": "#FFFFFF",
        "color-background-secondary": "#F6F3ED",
        "color-you": "#2F74D8",
        "color-model": "#E08A00",
        "color-model-text": "#8A5200",
    },
    "dark_css_variables": {
        "color-brand-primary": "#93BFFC",
        "color-brand-content": "#93BFFC",
        "color-background-primary": "#171615",
        "color-background-secondary": "#201E1D",
        "color-you": "#69A6F8",
        "color-model": "#F0A63C",
        "color-model-text": "#F5B558",
    },
}
icon = DOCS.parent / "resources" / "icons" / "app.svg"
if icon.is_file():
    html_favicon = html_logo = str(icon)
