# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion; what there is to complete is asked of the tool.
complete -c mmreplay -n 'test (count (commandline -opc)) -eq 1' -xa '(mmreplay --list-commands 2>/dev/null)'
complete -c mmreplay -n 'string match -q -- "-*" (commandline -ct)' -xa '(command mmreplay (commandline -opc)[2] --list-options 2>/dev/null | string replace -r "[\t =].*" "")'
complete -c mmreplay -l dump -xa 'buddyinfo pagetypeinfo zoneinfo vmstat meminfo lru_gen lru_gen_full extfrag_index unusable_index'
