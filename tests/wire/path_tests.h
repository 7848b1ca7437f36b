/* SPDX-License-Identifier: BSD-3-Clause */
/* All tests of test_path, in the order in which they run; by file. */
#ifndef TS_TEST_PATH_TESTS_H
#define TS_TEST_PATH_TESTS_H

/* clang-format off */
#define PATH_TESTS(T) \
	/* test_path_link.c */ \
	T(test_frames_refused) \
	T(test_tags) \
	T(test_segments) \
	T(test_group_frames) \
	T(test_priority_tag) \
	T(test_strangers) \
	T(test_strangers_table) \
	/* test_path_punt.c */ \
	T(test_punt) \
	T(test_punt_ring_full) \
	T(test_punt_priority) \
	T(test_punt_claims) \
	T(test_punt_shares) \
	T(test_inject) \
	T(test_no_headroom) \
	/* test_path_local.c */ \
	T(test_service_addresses) \
	T(test_closed_port) \
	T(test_6to4_refusals) \
	/* test_path_rx_checksum.c */ \
	T(test_rx_checksum_flags) \
	T(test_rx_checksum_server) \
	T(test_rx_checksum_joined) \
	T(test_rx_checksum_cut) \
	T(test_rx_checksum_ignored) \
	/* test_path_fragments.c */ \
	T(test_fragments_reach_their_owner) \
	T(test_fragments_refused) \
	T(test_handoff_full) \
	T(test_icmp4_errors) \
	/* test_path_nexthop.c */ \
	T(test_routes_that_refuse) \
	T(test_probe_address) \
	T(test_ipv4_by_ipv6_neighbour) \
	T(test_small_link) \
	T(test_multipath) \
	T(test_identification) \
	T(test_port_refuses) \
	/* test_path_observe.c */ \
	T(test_trace) \
	T(test_capture) \
	T(test_sample) \
	T(test_handshake) \
	T(test_handshake_lanes) \
	T(test_handshake_handover) \
	T(test_handshake_sample) \
	T(test_trace_elsewhere) \
	/* test_path_neighbour.c */ \
	T(test_wait_for_gateway) \
	T(test_wait_times_out) \
	T(test_glean_and_scan) \
	T(test_event_ring_full) \
	/* test_path_limits.c */ \
	T(test_limits) \
	/* test_path_options.c */ \
	T(test_mirrored_source) \
	T(test_path_mtu_of_a_site) \
	T(test_mss_in_both_directions) \
	T(test_chains_on_a_plain_port) \
	/* test_path_6rd.c */ \
	T(test_6rd_unaligned) \
	T(test_6rd_traffic_class) \
	T(test_6rd_ecn_decap) \
	T(test_6rd_hairpin) \
	T(test_6rd_null_route_echo) \
	T(test_6rd_domains) \
	T(test_6rd_allow_ula) \
	T(test_6rd_errors) \
	T(test_6rd_reassembly) \
	/* test_path_6rd_refusals.c */ \
	T(test_6rd_encap_refused) \
	T(test_6rd_decap_refused) \
	T(test_6rd_decap_malformed) \
	T(test_6rd_local_source) \
	/* test_path_isatap.c */ \
	T(test_isatap_u_bit) \
	T(test_isatap_prl) \
	T(test_isatap_host_to_host) \
	T(test_isatap_errors) \
	T(test_isatap_allow_ula) \
	T(test_isatap_encap_refused) \
	T(test_isatap_decap_refused) \
	T(test_isatap_decap_malformed) \
	T(test_isatap_local) \
	/* test_path_isatap_nd.c */ \
	T(test_isatap_advertisement) \
	T(test_isatap_delay) \
	T(test_isatap_advertisement_fields) \
	T(test_isatap_neighbour) \
	T(test_isatap_echo) \
	T(test_isatap_nd_invalid) \
	T(test_isatap_nd_ignored) \
	T(test_isatap_nd_limited) \
	/* test_path_neighbours.c */ \
	T(test_neighbours_received) \
	T(test_neighbours_sent) \
	T(test_neighbours_groups) \
	T(test_neighbours_refused) \
	T(test_neighbours_spread) \
	T(test_neighbours_invented) \
	/* test_path_teredo_server.c */ \
	T(test_teredo_server_advertisement) \
	T(test_teredo_server_advertisement_around) \
	T(test_teredo_server_secure) \
	T(test_teredo_server_passes) \
	T(test_teredo_server_takes_authentication_off) \
	T(test_teredo_server_foreign_clients) \
	T(test_teredo_server_pass_of_the_relay) \
	T(test_teredo_server_link_local_echo) \
	T(test_teredo_server_checksums) \
	T(test_teredo_server_pieces) \
	/* test_path_teredo_server_refusals.c */ \
	T(test_teredo_server_refuses_sources) \
	T(test_teredo_server_refuses_udp) \
	T(test_teredo_server_refuses_shims) \
	T(test_teredo_server_refuses_packets) \
	T(test_teredo_server_refuses_solicitations) \
	T(test_teredo_server_refuses_keys) \
	T(test_teredo_server_limits) \
	T(test_teredo_server_refuses_addresses) \
	T(test_teredo_server_refuses_messages) \
	T(test_teredo_server_too_many_pieces) \
	/* test_path_teredo_server_native.c */ \
	T(test_teredo_server_native) \
	T(test_teredo_server_own_address) \
	T(test_teredo_server_native_refused) \
	/* test_path_teredo_encap.c */ \
	T(test_teredo_encap_refused) \
	T(test_teredo_encap_foreign) \
	T(test_teredo_encap_errors) \
	T(test_teredo_encap_routes) \
	T(test_teredo_encap_headers) \
	T(test_teredo_encap_checksums) \
	T(test_teredo_encap_segments) \
	T(test_teredo_encap_checksum_zero) \
	T(test_teredo_encap_access) \
	/* test_path_teredo_decap.c */ \
	T(test_teredo_decap_refused_outside) \
	T(test_teredo_decap_refused_udp) \
	T(test_teredo_decap_refused_inside) \
	T(test_teredo_decap_refused_destination) \
	T(test_teredo_decap_ecn) \
	T(test_teredo_decap_around) \
	T(test_teredo_decap_pieces) \
	T(test_teredo_decap_errors) \
	T(test_teredo_decap_access) \
	T(test_teredo_decap_mss) \
	/* test_path_teredo_address.c */ \
	T(test_teredo_icmp4_errors) \
	T(test_teredo_host_address) \
	T(test_teredo_host_fragments) \
	/* test_path_teredo_handover.c */ \
	T(test_teredo_handover) \
	/* test_path_teredo_contact.c */ \
	T(test_teredo_contact) \
	T(test_teredo_queue_bytes) \
	T(test_teredo_confirmed_by_data) \
	T(test_teredo_failed) \
	T(test_teredo_failed_answers) \
	T(test_teredo_queue_time) \
	T(test_teredo_stale) \
	T(test_teredo_queue_full) \
	T(test_teredo_queue_mss) \
	/* test_path_teredo_options.c */ \
	T(test_teredo_cone) \
	T(test_teredo_direct_bubble) \
	T(test_teredo_own_server) \
	T(test_teredo_learned_mapping) \
	T(test_teredo_nonce) \
	T(test_teredo_recovery) \
	T(test_teredo_connectivity_test) \
	T(test_teredo_errors_to_clients) \
	T(test_teredo_no_buffer) \
	/* test_path_teredo_review.c */ \
	T(test_teredo_mapping_taken) \
	T(test_teredo_mapping_proven) \
	T(test_teredo_stateless_renewals) \
	T(test_teredo_recovery_share) \
	T(test_teredo_server_share) \
	T(test_teredo_cone_rate) \
	/* test_path_teredo_workers.c */ \
	T(test_teredo_workers_order) \
	T(test_teredo_workers_overtaking) \
	T(test_teredo_workers_ring_full) \
	T(test_teredo_workers_switched_off) \
	/* test_path_teredo_cookies.c */ \
	T(test_teredo_cookie) \
	T(test_teredo_cookie_key) \
	T(test_teredo_cookie_echo) \
	T(test_teredo_gap) \
	T(test_teredo_stateless_renewal) \
	T(test_teredo_no_room_for_trusted) \
	T(test_teredo_stateless_recovery) \
	/* test_path_teredo_attack.c */ \
	T(test_teredo_eviction) \
	T(test_teredo_no_cookies) \
	T(test_teredo_quotas) \
	T(test_teredo_bubble_rates) \
	T(test_teredo_repeat_limited) \
	T(test_teredo_attack_cookies) \
	T(test_teredo_attack_plain) \
	/* test_path_handover.c */ \
	T(test_handover) \
	T(test_handover_ecn) \
	T(test_handover_errors) \
	T(test_handover_icmp4_errors) \
	T(test_handover_by_policy) \
	T(test_handover_never_6to4_to_6to4) \
	T(test_handover_loop_guard) \
	T(test_handover_second_refuses) \
	T(test_handover_echo) \
	/* test_path_access.c */ \
	T(test_access_ipv4) \
	T(test_access_ipv6) \
	T(test_access_rates) \
	T(test_error_rates) \
	T(test_own_sources) \
	T(test_foreign_sources)
/* clang-format on */

#define PROTOTYPE(f) void f(void **state);
PATH_TESTS(PROTOTYPE)
#undef PROTOTYPE

#endif
