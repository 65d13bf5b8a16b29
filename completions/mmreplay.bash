# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for mmcap, mmreplay, mmanalyze and mmrender. The tools themselves say which commands
# and options they have, so this file does not have to be kept up with them.

# What an option takes, where that is one of a few words; nothing for others. (Also in _mmreplay and *.fish.)
_mmreplay_values() { # COMMAND OPTION
	case "$1 $2" in
	'record --access') echo idle damon faults perf auto none ;;
	'record --fault-source') echo tracepoint perf both auto ;;
	'record --stacks') echo stalls ;;
	'record --snapshot' | 'record -s') echo full light none ;;
	'top --sort' | 'top -s') echo total longest count last ;;
	'dump --format') echo text csv json ;;
	*' --dump') echo buddyinfo pagetypeinfo zoneinfo vmstat meminfo lru_gen lru_gen_full extfrag_index unusable_index ;;
	*' --theme') echo light dark print auto ;;
	'heatmap --show') echo occupancy order migratetype kind ;;
	'timeline --scale') echo auto linear log ;;
	'export --to') echo trace.dat ;;
	'export --format') echo csv jsonl perfetto ;;
	esac
}

# Groups, and events by name once more than a letter or two are there: there are a hundred.
_mmreplay_events() { # BEGINNING
	echo all default
	mmcap list events 2>/dev/null | awk -v some="${#1}" 'NR > 2 { split($1, name, ":"); print $2; if (some > 2) print $1, name[2] }'
}

_mmreplay_tools() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} tool=$1 sub= i
	local commands values
	commands=$("$tool" --list-commands 2>/dev/null | cut -f1)
	COMPREPLY=()

	if [ -n "$commands" ]; then
		if [ "$COMP_CWORD" -eq 1 ] && [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
			return
		fi
		sub=${COMP_WORDS[1]}
		if [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
			case $sub in
			help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur"); return ;;
			list) mapfile -t COMPREPLY < <(compgen -W events -- "$cur"); return ;;
			esac
		fi
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
	-e | --event) mapfile -t COMPREPLY < <(compgen -W "$(_mmreplay_events "$cur" | tr ' ' '\n' | sort -u)" -- "$cur"); return ;;
	-u | --user) mapfile -t COMPREPLY < <(compgen -u -- "$cur"); return ;;
	--set) mapfile -t COMPREPLY < <(compgen -S = -W "$("$tool" --list-tunables 2>/dev/null | awk 'NR > 2 { print $1 }')" -- "$cur")
		compopt -o nospace 2>/dev/null
		return ;;
	esac
	values=$(_mmreplay_values "$sub" "$prev")
	if [ -n "$values" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur")
		return
	fi
	if [[ $cur == -* ]]; then
		# shellcheck disable=SC2086
		mapfile -t COMPREPLY < <(compgen -W "$("$tool" $sub --list-options 2>/dev/null | sed 's/[\t =].*//')" -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	compopt -o filenames 2>/dev/null
}

complete -F _mmreplay_tools mmcap mmreplay mmanalyze mmrender
