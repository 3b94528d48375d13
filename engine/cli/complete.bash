# Completion of eng for bash: source <(eng completions bash)
_eng() {
    local line="${COMP_LINE:0:COMP_POINT}" rest word words=() last candidates found
    # Bash takes ':' and '=' for the ends of words; here they are as they were typed.
    rest="$line"
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        last="${rest#"${rest%%[![:space:]]*}"}"
        if [[ ${#words[@]} -eq 0 || "$last" != "$rest" ]]; then
            words+=("")
        fi
        rest="$last"
        # The cursor may stand in the middle of the last word.
        [[ "$rest" == "$word"* ]] || word="$rest"
        words[${#words[@]}-1]+="$word"
        rest="${rest:${#word}}"
    done
    last="${words[${#words[@]}-1]}"
    local quote=""
    case "$last" in
        \'*|\"*) quote="${last:0:1}"; last="${last:1}" ;;
    esac
    words[${#words[@]}-1]="$last"
    mapfile -t candidates < <(eng complete $((${#words[@]} - 1)) -- "${words[@]}" 2>/dev/null)
    # What stands before the part that bash replaces.
    local part="$2"
    [[ -n "$quote" ]] && part="${part#"$quote"}"
    local before="${last%"$part"}"
    COMPREPLY=()
    for found in "${candidates[@]}"; do
        found="${found%%$'\t'*}"
        [[ "$found" == "$last"* ]] && COMPREPLY+=("${found#"$before"}")
    done
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *[/:=\(] ]]; then
        compopt -o nospace
    fi
}
complete -o nosort -F _eng eng
