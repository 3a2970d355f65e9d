# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of netpolctl in fish. The tool itself says what may come next, so that no list is here
# that could differ from it.

function __netpolctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    command -q -- $words[1]; or return
    # of "--option=path" the path
    set -l before (string match -r -- '^--[^=]*=' "$word")
    set -l path (string replace -- "$before" '' "$word")
    for line in (command $words[1] __complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case :files
                string replace -r -- '^' "$before" (__fish_complete_path "$path")
            case :folders
                string replace -r -- '^' "$before" (__fish_complete_directories "$path" '')
            case '*'
                echo $line
        end
    end
end
complete -c netpolctl -f -a '(__netpolctl_complete)'
