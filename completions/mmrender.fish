# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion; what there is to complete is asked of the tool.
complete -c mmrender -n 'test (count (commandline -opc)) -eq 1' -xa '(mmrender --list-commands 2>/dev/null)'
complete -c mmrender -n 'string match -q -- "-*" (commandline -ct)' -xa '(command mmrender (commandline -opc)[2] --list-options 2>/dev/null | string replace -r "[\t =].*" "")'
complete -c mmrender -l theme -xa 'light dark print auto'
complete -c mmrender -n '__fish_seen_subcommand_from heatmap' -l show -xa 'occupancy order migratetype kind'
complete -c mmrender -n '__fish_seen_subcommand_from timeline' -l scale -xa 'auto linear log'
