"""In place of the common one, which takes all of TensorFlow and Keras: what `import tensorflow` reaches is enough."""

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs

hiddenimports = ["ml_dtypes"]
datas = collect_data_files("tensorflow", includes=["THIRD_PARTY_NOTICES.txt"])
binaries = collect_dynamic_libs("tensorflow")
module_collection_mode = {"tensorflow.python.autograph": "py+pyz"}  # it reads its own sources
bindepend_symlink_suppression = ["**/libtensorflow_cc.so*", "**/libtensorflow_framework.so*"]
