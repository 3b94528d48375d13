#compdef eng
# Completion of eng for zsh: source <(eng completions zsh), after compinit
_eng() {
    local line word
    local -a typed open closed
    # A quote that is still open belongs to the shell.
    typed=("${(@Q)words[1,CURRENT-1]}" "${${(Q)words[CURRENT]}#[\'\"]}")
    for line in "${(@f)$(eng complete $((CURRENT - 1)) -- "${typed[@]}" 2>/dev/null)}"; do
        word="${line%%$'\t'*}"
        [[ -z "$word" ]] && continue
        if [[ "$word" == *[/:=\(] ]]; then
            open+=("$word")
        else
            closed+=("$word")
        fi
    done
    (( $#open )) && compadd -S '' -a open
    (( $#closed )) && compadd -a closed
    return 0
}
compdef _eng eng
