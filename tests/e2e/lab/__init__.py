# SPDX-License-Identifier: BSD-3-Clause
"""The lab: a small exchange point in network namespaces with the real relay in it.

scripts/demo and the end-to-end tests share it. It must run under scripts/isolated, whose private /run and namespaces
take everything away that is made here, whatever happens; so clean-up here is for order, not for safety.
Nothing sleeps a fixed time: net.wait_for() waits for an event with a limit.
"""
