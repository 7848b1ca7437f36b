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
	-n | --limit | -t | -d | --snap | --match | --drop) return ;;
	-w | --write)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--lane)
		mapfile -t COMPREPLY < <(compgen -W 'rx 6to4-encap 6to4-decap 6rd-encap 6rd-decap isatap-encap isatap-decap
			teredo-encap teredo-decap teredo-server local4 local6 reassemble handed-over teredo-queue neigh-wait punt tx' \
			-- "$cur")
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--socket --json --all --full --limit --lane --drop --match --snap
			--write --help --version' -- "$cur")
		return
	fi
	# Options and the socket's path may stand anywhere; what counts are the words without them.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | --socket | -n | --limit | -t | -d | -w | --write | --lane | --drop | --match | --snap) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	case ${#words[@]} in
	0) mapfile -t COMPREPLY < <(compgen -W 'show explain decode top trace capture health drain
		resume reload' -- "$cur") ;;
	1)
		[[ ${words[0]} == show ]] && mapfile -t COMPREPLY < <(compgen -W \
			'counters drops ports interfaces routes neighbours strangers history fpm sflow workers path tables teredo version' -- "$cur")
		;;
	2)
		[[ ${words[*]} == 'show history' ]] && mapfile -t COMPREPLY < <(compgen -W 'hour day month' -- "$cur")
		[[ ${words[*]} == 'show teredo' ]] && mapfile -t COMPREPLY < <(compgen -W 'summary peers' -- "$cur")
		;;
	esac
}

complete -F _tsunagictl tsunagictl
