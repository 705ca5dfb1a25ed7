#!/bin/sh
# One file of tests, with a Python that has numpy. usage: run.sh FOLDER_OF_lathe.py TEST.py [ARGUMENT...]
for python in "${LATHE_PYTHON:-python3}" /usr/bin/python3; do
    if "$python" -c 'import numpy' 2> /dev/null; then
        PYTHONPATH=$1 PYTHONDONTWRITEBYTECODE=1
        export PYTHONPATH PYTHONDONTWRITEBYTECODE
        shift
        exec "$python" "$@"
    fi
done
echo "skipped: no Python with numpy (Debian's package: python3-numpy)"
exit 77
