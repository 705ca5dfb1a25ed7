#!/bin/sh
# Only task/ asks which task it is: elsewhere no task is compared by name or type, and no loss by name.
# usage: tasks.sh SOURCE_DIR
set -u
cd "$1" || exit 1
status=0
files=$(find core nn optim sched data metrics io dist train study deploy report cli examples \
    -name '*.[ch]' | sort)

# `what` and an extended regular expression that no line may match.
refuse() {
    grep -nE "$2" $files && { echo "above: $1"; status=1; }
}
kinds=$(sed -n 's/^const lathe_task_type \(lathe_[a-z0-9_]*_task\) = .*/\1/p' task/*.c | sort -u)
[ "$(echo "$kinds" | wc -l)" -ge 4 ] || { echo "fewer than 4 tasks in task/"; status=1; }
for kind in $kinds; do refuse "only task/ knows the kinds of task" "(^|[^a-z0-9_])$kind([^a-z0-9_]|$)"; done
refuse "only task/ compares a task" '(->|\.)task(->type(->name)?)? *[!=]= '
refuse "only task/ compares a task's name" 'str(case|n)?cmp\([^;]*(->|\.)task(->type->name)?[,)]'
refuse "a loss says what it can do; its name does not" 'strn?cmp\([^;]*loss(_type)?->name'
exit $status
