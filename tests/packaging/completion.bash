# What a user sees who types a line and the tabulator key. usage: bash completion.bash LATHE
lathe=$1 work=$(mktemp -d) status=0
trap 'rm -rf "$work"' EXIT
"$lathe" help --completion bash > "$work/lathe.bash" && source "$work/lathe.bash" || exit 1
complete -p lathe > /dev/null || exit 1
# Outside of readline: what it is asked for is a word of its own.
compopt() { [ "$2" = nospace ] || COMPREPLY+=("<$2>"); }

# expect "WORDS" LINE...: the line's last word is completed to these words, bash having parted it at = and :
expect() {
    local wanted=$1
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _lathe
    local found="${COMPREPLY[*]}"
    [ "$found" = "$wanted" ] && return
    echo "lathe ${*:2}: '$found', not '$wanted'"
    status=1
}
# has "WORD" LINE...
has() {
    COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
    _lathe
    [[ " ${COMPREPLY[*]} " == *" $1 "* ]] && return
    echo "lathe ${*:3}: '${COMPREPLY[*]}' lacks '$1'"
    status=1
}

expect "predict preview" lathe pre
expect "--version" lathe --v
expect "--base-lr --base-momentum" lathe train --base-
expect "--batch-size" lathe bench --batch
expect "" lathe bench --base-
expect "cyclic" lathe train --sched cyc
expect "triangular triangular2" lathe train --mode tri
expect "resnet110 resnet14 resnet18" lathe train --model resnet1
expect "resnet110 resnet14 resnet18" lathe train --model = resnet1
expect "resnet20" lathe summary --model resnet20
expect "adam adamax adamw" lathe compare --optim adam
expect "epoch eval" lathe train --best ""
expect "hflip,vflip" lathe train --augment hflip,vf
expect "4,hflip" lathe train --augment crop : 4,hfl
expect "folder:" lathe train --data fol
expect "<default>" lathe train --data folder : r
expect "<default>" lathe train --data csv : cat
expect "<default>" lathe train --config co
expect "" lathe train --batch-size ""
expect "train val test" lathe eval --split ""
expect "rosenbrock" lathe walk --function r
expect "c onnx" lathe export --to ""
expect "" lathe lr-find --to ""
expect "<dirnames>" lathe train --out ""
expect "<default>" lathe predict run ca
expect "optimizers" lathe list op
expect "train" lathe help tr
has "<default>" lathe predict ""
has lenet5 lathe train --model =
has --json lathe info --
has --gamma lathe train --
while read -r command; do has "$command" lathe ""; done < \
    <("$lathe" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p')
# Every option of --help is completed.
for command in train eval walk list; do
    while read -r option; do has "$option" lathe "$command" --; done < \
        <("$lathe" "$command" --help | grep -oE '^ +--[a-z0-9-]+' | tr -d ' ')
done
exit $status
