# What a user sees who types a line and the tabulator key, in a zsh on a terminal of its own.
# usage: zsh completion.zsh LATHE
work=$(mktemp -d)
trap 'rm -rf $work' EXIT
mkdir $work/functions $work/here $work/here/run
touch $work/here/cat.png
$1 help --completion zsh > $work/functions/_lathe && zsh -n $work/functions/_lathe || exit 1

# The shell: what the completion offers goes to a file, and the line is emptied.
cat > $work/.zshrc << END
fpath=($work/functions \$fpath)
autoload -Uz compinit && compinit -u -D
cd $work/here
PROMPT= RPROMPT=
compadd() {
    local -a offered
    builtin compadd -O offered "\$@"
    print -rl -- \$offered >> $work/out
    builtin compadd "\$@"
}
tell() { : > $work/out; zle complete-word; BUFFER=; : > $work/done; }
zle -N tell
bindkey '^X' tell
: > $work/done
END
zmodload zsh/zpty
export ZDOTDIR=$work
zpty -b shell zsh -i
wrong=0
wait_for_it() { repeat 600; do [[ -e $work/done ]] && return; sleep 0.05; done; echo "no answer"; exit 1 }
wait_for_it

# expect "WORDS" "LINE"
expect() {
    rm -f $work/done
    zpty -w -n shell "$2"$'\x18'
    wait_for_it
    local found="$(sort -u $work/out | grep . | tr '\n' ' ')"
    [[ $found == "$1 " ]] || { print -r -- "$2: '$found', not '$1'"; wrong=1 }
}
expect "predict preview" "lathe pre"
expect "--version" "lathe --v"
expect "--base-lr --base-momentum" "lathe train --base-"
expect "--batch-size" "lathe bench --batch"
expect "resnet110 resnet14 resnet18" "lathe train --model resnet1"
expect "resnet20" "lathe summary --model=resnet20"
expect "triangular triangular2" "lathe train --mode tri"
expect "adam adamax adamw" "lathe compare --optim adam"
expect "folder:" "lathe train --data fol"
expect "run" "lathe train --out r"
expect "cat.png" "lathe predict run ca"
expect "optimizers" "lathe list op"
expect "train" "lathe help tr"
zpty -d shell
exit $wrong
