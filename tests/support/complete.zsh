# complete.zsh FOLDER LINE: what a new zsh shows when LINE is typed and then the tabulator, with the completions of
# FOLDER.
setopt extendedglob
zmodload zsh/zpty
zpty shell zsh -f -i
start="PS1=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -D -u; zstyle ':completion:*' menu no"
zpty -w shell "$start; echo REA''DY"
zpty -r -m shell shown '*READY*'
zpty -w -n shell "$2"$'\t'
shown=
repeat 120; do
    while zpty -r -t shell part; do shown+=$part; done
    sleep 0.05
done
zpty -d shell
# without what moves the cursor and changes the colour
print -r -- "${shown//$'\e'\[[0-9;?]#[A-Za-z]/}"
