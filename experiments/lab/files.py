# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are whole or not there, a store by content, and digests."""
import gzip
import hashlib
import json
import os
import re
import shutil
import tempfile

from lab import REPO, errors
import qemu

# What a build writes into its image about the commit, whatever the code.
COMMIT = re.compile(rb"\b[0-9a-f]{12}\+?(?=\0)|\b20\d\d-\d\d-\d\d(?=\0)")
# The same on the console, without the mark of a changed tree, which moves what follows.
SPOKEN = re.compile(rb"commit [0-9a-f]{12}( of 20\d\d-\d\d-\d\d)")


def sha256(data):
    """Hex digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def code_digest(data):
    """Digest of an image with the commit's name and date blotted out."""
    return sha256(COMMIT.sub(b"-", data))


def console_digest(data):
    """Digest of a console log with the commit's name and date blotted out."""
    return sha256(SPOKEN.sub(b"commit -", data))


def write(path, data):
    """Write bytes or text so that the file is whole or absent; LabError (DiskFull) otherwise."""
    data = data.encode() if isinstance(data, str) else data
    folder = os.path.dirname(path)
    name = None
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False, prefix=".new-") as file:
            name = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as err:
        if name and os.path.exists(name):
            os.unlink(name)
        raise errors.explain(err, f"writing {path}") from None


def write_json(path, value):
    """Write a value as readable JSON."""
    write(path, json.dumps(value, indent=1, sort_keys=False) + "\n")


def read_json(path):
    """The value in a JSON file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        raise errors.LabError(f"there is no {path}") from None
    except (OSError, ValueError) as err:
        raise errors.LabError(f"{path} cannot be read: {err}") from None


def read_text(path):
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def write_gz(path, data):
    """Write bytes compressed, the same bytes for the same data."""
    write(path, gzip.compress(data, 9, mtime=0))


def read_gz(path):
    """The bytes of a compressed file."""
    try:
        with gzip.open(path) as file:
            return file.read()
    except (OSError, EOFError) as err:
        raise errors.LabError(f"{path} cannot be read: {err}") from None


def keep(store, path):
    """Copy a file into the store under its digest, once; returns what a manifest says of it."""
    with open(path, "rb") as file:
        data = file.read()
    digest = sha256(data)
    place = os.path.join(store, digest)
    if not os.path.isfile(place) or os.path.getsize(place) != len(data):
        write(place, data)
        shutil.copymode(path, place)
    return {"file": shown(path), "bytes": len(data), "sha256": digest,
            "code_sha256": code_digest(data)}


def shown(text):
    """A path or command line with this machine's folders named instead of spelt out."""
    text = text.replace(os.path.abspath(qemu.image_dir()), "$XENOLITH_CACHE/img")
    text = text.replace(os.path.realpath(qemu.cache_dir()), "$XENOLITH_CACHE")
    text = text.replace(os.path.abspath(qemu.cache_dir()), "$XENOLITH_CACHE")
    return text.replace(os.path.abspath(REPO) + "/", "")
