"""In place of the common one, which takes all of TensorFlow and Keras: what `import tensorflow` reaches is enough."""

import re
from pathlib import Path

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, get_package_paths

# Modules that it loads on first use, by a name that no import statement holds.
LAZY = re.compile(r"""LazyLoader\(\s*["'][^"']*["'],\s*globals\(\),\s*["'](tensorflow\.[\w.]+)["']""")
folder = Path(get_package_paths("tensorflow")[1])
named = {name for path in folder.rglob("*.py") for name in LAZY.findall(path.read_text("utf-8"))}

hiddenimports = ["ml_dtypes", *sorted(named)]
datas = collect_data_files("tensorflow", includes=["THIRD_PARTY_NOTICES.txt"])
# One of its libraries is opened by its path as it starts, and no other is linked to it.
opened = "_audio_microfrontend_op.*"
binaries = collect_dynamic_libs("tensorflow", search_patterns=["*.dll", "*.dylib", "lib*.so", opened])
module_collection_mode = {"tensorflow.python.autograph": "py+pyz"}  # it reads its own sources
bindepend_symlink_suppression = ["**/libtensorflow_cc.so*", "**/libtensorflow_framework.so*"]
