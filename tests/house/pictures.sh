#!/bin/sh
# The pictures of the manual are those that lathe draws. usage: pictures.sh SOURCE_DIR LATHE
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$1/tools/docs-pictures" "$2" "$folder" || exit 1
for picture in "$folder"/*; do
    name=$(basename "$picture")
    if ! cmp -s "$picture" "$1/docs/pictures/$name"; then
        echo "docs/pictures/$name: run tools/docs-pictures (transform_*.png: tools/docs-sheets) again"
        exit 1
    fi
    grep -q "pictures/$name" "$1"/docs/*.md || { echo "no page shows $name"; exit 1; }
done
