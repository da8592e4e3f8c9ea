"""The real ranks of OpenAI's encodings, for tests that need exact tokens.

Law: tests only look for them, in the folder that `TIKTOKEN_RANKS` names. `.ci/run` fills
one with `python -m tests.ranks FOLDER`, from the npm package `tiktoken`, which ships the
same ranks that tiktoken downloads; without npm those tests are skipped and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from hashlib import sha1, sha256
from pathlib import Path

from mojentic_nb.tokens.ranks import ENCODINGS

PACKAGE = "tiktoken@1.0.22"
HOW_TO_GET_THEM = (
    "no exact ranks: run `python -m tests.ranks FOLDER` (it needs npm) and set TIKTOKEN_RANKS"
)

# Read when pytest starts: nothing of a person's environment reaches a test.
FOLDER = os.environ.get("TIKTOKEN_RANKS", "")


def find() -> Path | None:
    """The folder with both files, named as in tiktoken's cache."""
    if not FOLDER:
        return None

    names = [sha1(one.url.encode()).hexdigest() for one in ENCODINGS.values()]
    return Path(FOLDER) if all(Path(FOLDER, name).is_file() for name in names) else None


def unpacked(listing: str) -> bytes:
    """Ranks as tiktoken's file has them; each line here is `_ FIRST_RANK token token …`."""
    lines = []
    for line in listing.splitlines():
        _, first, *tokens = line.split(" ")
        lines += [f"{token} {rank}\n" for rank, token in enumerate(tokens, int(first))]

    return "".join(lines).encode()


def fill(folder: Path) -> None:
    """Write the ranks of both encodings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            ["npm", "pack", PACKAGE, "--silent"], cwd=place, check=True, stdout=subprocess.DEVNULL
        )
        with tarfile.open(next(Path(place).glob("*.tgz"))) as package:
            for name, encoding in ENCODINGS.items():
                found = package.extractfile(f"package/encoders/{name}.json")
                assert found is not None
                data = unpacked(json.load(found)["bpe_ranks"])
                assert sha256(data).hexdigest() == encoding.sha256
                (folder / sha1(encoding.url.encode()).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    if shutil.which("npm") is None:
        sys.exit("npm is not here")

    fill(Path(sys.argv[1]))
