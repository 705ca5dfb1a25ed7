#!/bin/sh
# The pictures of the manual are those that lathe draws. usage: pictures.sh SOURCE_DIR LATHE
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$1/tools/docs-pictures" "$2" "$folder" || exit 1
for picture in "$folder"/*; do
    name=$(basename "$picture")
    cmp -s "$picture" "$1/docs/pictures/$name" || { echo "docs/pictures/$name is not what tools/docs-pictures draws (transform_*.png: tools/docs-sheets); run it"; exit 1; }
    grep -q "pictures/$name" "$1"/docs/*.md || { echo "no page shows $name"; exit 1; }
done
