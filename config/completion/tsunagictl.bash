# SPDX-License-Identifier: BSD-3-Clause
# Completion of tsunagictl for bash; installed as /usr/share/bash-completion/completions/tsunagictl.

_tsunagictl()
{
	local cur prev words=() i
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}

	case $prev in
	-s | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-n | --limit) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--socket --json --all --full --limit --help --version' -- "$cur")
		return
	fi
	# Options and the socket's path may stand anywhere; what counts are the words without them.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket | -n | --limit) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	case ${#words[@]} in
	0) mapfile -t COMPREPLY < <(compgen -W 'show explain health drain resume reload' -- "$cur") ;;
	1)
		[[ ${words[0]} == show ]] && mapfile -t COMPREPLY < <(compgen -W \
			'counters drops ports interfaces routes neighbours strangers fpm workers tables teredo version' -- "$cur")
		;;
	2)
		[[ ${words[*]} == 'show teredo' ]] && mapfile -t COMPREPLY < <(compgen -W 'summary peers' -- "$cur")
		;;
	esac
}

complete -F _tsunagictl tsunagictl
