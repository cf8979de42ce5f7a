"""Draw the picture in the README: some pages of the built PDF, side by side.

python book/tools/picture.py 6 8        (needs pdftocairo, from the Debian package poppler-utils)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

ROOT = Path(__file__).parents[2]
PDF = ROOT / "dist" / "build-a-large-language-model.pdf"
PICTURE = ROOT / "book" / "pages.png"
DPI, GAP, FRAME = 64, 24, 0.8  # dots per inch, pixels between pages, gray of the frame


def page(number: int) -> np.ndarray:
    """Render one page of the PDF, with a thin frame: values from 0 to 1, rows by columns by RGB."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "page")
        options = ["-png", "-singlefile", "-r", str(DPI), "-f", str(number), "-l", str(number)]
        subprocess.run(["pdftocairo", *options, str(PDF), str(target)], check=True)
        image = imread(target.with_suffix(".png"))[..., :3]
    return np.pad(image, ((1, 1), (1, 1), (0, 0)), constant_values=FRAME)


def main(numbers: list[int]) -> None:
    """Put the pages side by side."""
    pages = [page(number) for number in numbers]
    gap = np.ones((pages[0].shape[0], GAP, 3))
    row = [part for image in pages for part in (gap, image)][1:]
    imsave(PICTURE, np.concatenate(row, axis=1))


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
