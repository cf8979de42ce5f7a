#!/bin/sh
# Make sure that LuaLaTeX and the fonts of the PDF are here; exit with 1 if they cannot be had.
set -eu
missing=
need() { missing="$missing $*"; }

command -v lualatex >/dev/null || need texlive-luatex
kpsewhich titlesec.sty >/dev/null 2>&1 || need texlive-latex-extra
command -v latexmk >/dev/null || need latexmk
font() { fc-list 2>/dev/null | grep -q "$1" || need "$2"; }
command -v fc-list >/dev/null || need fontconfig
font "TeX Gyre Pagella" fonts-texgyre
font "TeX Gyre Pagella Math" fonts-texgyre-math
font "JetBrains Mono" fonts-jetbrains-mono
font "DejaVu Sans" fonts-dejavu-core
font "WenQuanYi Micro Hei" fonts-wqy-microhei
font "Noto Color Emoji" fonts-noto-color-emoji

if [ -z "$missing" ]; then exit 0; fi
# shellcheck disable=SC2086
sh book/tools/apt.sh $missing && exit 0
echo "The PDF is left out until then; the HTML is built all the same." >&2
exit 1
