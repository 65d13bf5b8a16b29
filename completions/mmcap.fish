# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion; what there is to complete is asked of the tool.
complete -c mmcap -n 'test (count (commandline -opc)) -eq 1' -xa '(mmcap --list-commands 2>/dev/null)'
complete -c mmcap -n 'string match -q -- "-*" (commandline -ct)' -xa '(command mmcap (commandline -opc)[2] --list-options 2>/dev/null | string replace -r "[\t =].*" "")'
