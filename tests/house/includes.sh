#!/bin/sh
# Who may include whom (docs/architecture.md): refuses every other edge between folders. usage: includes.sh SOURCE_DIR
set -u
cd "$1" || exit 1

allowed() { # folder -> folders it may include, itself left out
    case $1 in
    core) echo "" ;;
    nn | optim | data | metrics | io) echo "core" ;;
    sched) echo "optim core" ;;
    task) echo "metrics nn data core" ;;
    train) echo "task sched optim nn data metrics io core" ;;
    study) echo "train task sched optim nn data metrics io core" ;;
    deploy) echo "train task nn data io core" ;;
    report) echo "study train task sched optim nn data metrics io core" ;;
    esac
}

rooms() { # room of data/ -> rooms it may include, itself and data/ left out
    case $1 in
    files | data) echo "" ;;
    pictures) echo "files" ;;
    transforms) echo "pictures" ;;
    formats) echo "files pictures" ;;
    loading) echo "files transforms" ;;
    esac
}

room_of() { # data/x.h -> data, data/formats/x.h -> formats
    room=${1%/*}
    echo "${room##*/}"
}

status=0
edges=0
for folder in core nn optim sched data metrics io task train study deploy report; do
    for file in $(find "$folder" -name '*.[ch]'); do
        for include in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
            edges=$((edges + 1))
            target=$(cd "$(dirname "$file")" && realpath -m --relative-to="$1" "$include")
            to=${target%%/*}
            [ -e "$target" ] || { echo "$file: $include does not exist"; status=1; continue; }
            case " $folder $(allowed $folder) " in
            *" $to "*) ;;
            *) echo "$file: $folder may not include $target"; status=1 ;;
            esac
            case $file:$target in
            data/all.h:*) ;;
            data/*:data/*)
                room=$(room_of "$file")
                case " $room data $(rooms "$room") " in
                *" $(room_of "$target") "*) ;;
                *) echo "$file: the room $room may not include $target"; status=1 ;;
                esac ;;
            esac
            case $file:$target in # the parts of train/ do not know each other, nor what is made of them
            train/feed/*:train/feed/* | train/learner/*:train/learner/* | train/keeper/*:train/keeper/*) ;;
            train/*/section.c:train/settings/section_impl.h) ;; # the table of a part's settings
            train/feed/*:train/* | train/learner/*:train/* | train/keeper/*:train/*)
                echo "$file: a part of train/ may not include $target"; status=1 ;;
            esac
            case $file in
            core/kernels/*)
                case $target in
                core/kernels/* | core/real.h) ;;
                *) echo "$file: a kernel knows nothing of lathe but its number type, yet includes $target"; status=1 ;;
                esac ;;
            *)
                case $folder/$target in
                core/*) ;;
                optim/core/kernels/kernels.h) ;; # the hot loops of sgd and adam
                data/core/kernels/kernels.h | data/core/kernels/planes/bytes.h) ;; # those of resizing, and of laying pixels out in lanes
                data/core/threads_impl.h) ;; # the loader's workers
                */core/kernels/*) echo "$file: $target is core's own"; status=1 ;;
                */*_impl.h) [ "$to" = "$folder" ] || { echo "$file: $target is $to's own"; status=1; } ;;
                esac ;;
            esac
        done
    done
done
for file in $(find cli examples bench tests -name '*.[ch]'); do
    for include in $(sed -n 's/^#include "\.\.\/\([^"]*\)".*/\1/p' "$file"); do
        case $include in
        core/* | nn/* | optim/* | sched/* | data/* | metrics/* | io/* | task/* | train/* | study/* | deploy/* | report/*)
            echo "$file: use <lathe/lathe.h> instead of $include"; status=1 ;;
        esac
    done
done
[ "$edges" -gt 50 ] || { echo "only $edges includes found"; status=1; }
exit $status
