# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for mmcap, mmreplay, mmanalyze and mmrender. The tools themselves say which commands
# and options they have, so this file does not have to be kept up with them.

_mmreplay_tools() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} tool=$1 sub= i
	local commands
	commands=$("$tool" --list-commands 2>/dev/null | cut -f1)
	COMPREPLY=()

	if [ -n "$commands" ]; then
		if [ "$COMP_CWORD" -eq 1 ] && [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
			return
		fi
		sub=${COMP_WORDS[1]}
	fi
	# mmcap record [options] -- command: from there on it is the command's line.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "$sub" = record ] && [ "${COMP_WORDS[i]}" = -- ]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			else
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			fi
			return
		fi
	done
	# --policy=c is three words to bash, as = separates words: the value is completed either way.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--policy) mapfile -t COMPREPLY < <(compgen -W "$("$tool" --list-policies 2>/dev/null | awk '{ print $1 }')" -- "$cur"); return ;;
	-e | --event) mapfile -t COMPREPLY < <(compgen -W "$(mmcap record --help 2>/dev/null | tr '\n' ' ' |
		sed -n 's/.*Groups: \([a-z ]*\),.*/\1 all default/p')" -- "$cur"); return ;;
	--set) mapfile -t COMPREPLY < <(compgen -S = -W "$("$tool" --list-tunables 2>/dev/null | awk 'NR > 2 { print $1 }')" -- "$cur")
		compopt -o nospace 2>/dev/null
		return ;;
	esac
	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086
		mapfile -t COMPREPLY < <(compgen -W "$("$tool" $sub --list-options 2>/dev/null | sed 's/[\t =].*//')" -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	compopt -o filenames 2>/dev/null
}

complete -F _mmreplay_tools mmcap mmreplay mmanalyze mmrender
