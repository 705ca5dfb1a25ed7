# What a user sees who types a line and the tabulator key. usage: fish completion.fish LATHE
set -l work (mktemp -d)
$argv[1] help --completion fish >$work/lathe.fish; or exit 1
source $work/lathe.fish
cd $work; and mkdir here; and cd here; and mkdir run; and touch cat.png
set -g wrong 0

# expect "WORDS" "LINE"
function expect
    set -l found (complete -C $argv[2] | string replace -r '\t.*' '' | sort -u | string join ' ')
    if test "$found" != "$argv[1]"
        echo "$argv[2]: '$found', not '$argv[1]'"
        set wrong 1
    end
end

expect "predict preview" "lathe pre"
expect "--version" "lathe --v"
expect "--base-lr --base-momentum" "lathe train --base-"
expect "--batch-size" "lathe bench --batch"
expect "resnet110 resnet14 resnet18" "lathe train --model resnet1"
expect "--model=resnet20" "lathe summary --model=resnet20"
expect "triangular triangular2" "lathe train --mode tri"
expect "adam adamax adamw" "lathe compare --optim adam"
expect "folder:" "lathe train --data fol"
expect "run/" "lathe train --out r"
expect "cat.png" "lathe predict run ca"
expect optimizers "lathe list op"
expect train "lathe help tr"
rm -rf $work
exit $wrong
