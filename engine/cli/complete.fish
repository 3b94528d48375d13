# Completion of eng for fish: eng completions fish > ~/.config/fish/completions/eng.fish
function __eng_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    # A quote that is still open belongs to the shell.
    set -l word (commandline --current-token --cut-at-cursor | string trim --left --chars "'\"")
    eng complete (count $words) -- $words "$word" 2>/dev/null
end
complete --command eng --no-files --arguments '(__eng_complete)'
