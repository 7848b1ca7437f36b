/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list itself; see counters.h. Names are written as they are shown, so that a search for a counter's name finds the
 * place that counts it. PLAIN(name, help), DROP(station, reason, help).
 */
#ifndef TS_COUNTER_LIST_H
#define TS_COUNTER_LIST_H

/* clang-format off */

#define TS_COUNTER_LIST(PLAIN, DROP) \
	PLAIN(rx_packets, "frames received from ports") \
	PLAIN(rx_bytes, "their bytes, Ethernet headers included") \
	PLAIN(tx_packets, "frames that ports took for sending") \
	PLAIN(tx_bytes, "their bytes, Ethernet headers included") \
	PLAIN(punted_packets, "frames handed to the kernel through a twin") \
	PLAIN(injected_packets, "frames taken from the kernel for sending") \
	PLAIN(6to4_encap_packets, "IPv6 packets put into a 6to4 tunnel") \
	PLAIN(6to4_encap_bytes, "their bytes, IPv6 header included, outer header not") \
	PLAIN(6to4_decap_packets, "IPv6 packets taken out of a 6to4 tunnel and forwarded") \
	PLAIN(6to4_decap_bytes, "their bytes, IPv6 header included") \
	PLAIN(6rd_encap_packets, "IPv6 packets put into a 6rd tunnel") \
	PLAIN(6rd_encap_bytes, "their bytes, IPv6 header included, outer header not") \
	PLAIN(6rd_decap_packets, "IPv6 packets taken out of a 6rd tunnel and forwarded") \
	PLAIN(6rd_decap_bytes, "their bytes, IPv6 header included") \
	PLAIN(isatap_encap_packets, "IPv6 packets put into an ISATAP tunnel") \
	PLAIN(isatap_encap_bytes, "their bytes, IPv6 header included, outer header not") \
	PLAIN(isatap_decap_packets, "IPv6 packets taken out of an ISATAP tunnel and forwarded") \
	PLAIN(isatap_decap_bytes, "their bytes, IPv6 header included") \
	PLAIN(isatap_advertisements, "router advertisements sent to ISATAP hosts") \
	PLAIN(teredo_encap_packets, "IPv6 packets put into a Teredo tunnel") \
	PLAIN(teredo_encap_bytes, "their bytes, IPv6 header included, outer headers not") \
	PLAIN(teredo_decap_packets, "IPv6 packets taken out of a Teredo tunnel and forwarded") \
	PLAIN(teredo_decap_bytes, "their bytes, IPv6 header included") \
	PLAIN(teredo_indirect_bubbles, "bubbles sent to Teredo servers (RFC 4380 5.4.1)") \
	PLAIN(teredo_direct_bubbles, "bubbles sent to mapped addresses") \
	PLAIN(teredo_stateless_bubbles, "those of the bubbles that nothing is remembered of but a cookie") \
	PLAIN(teredo_recovery_bubbles, "those of the bubbles that ask a client that is not known any more") \
	PLAIN(teredo_contacts_overload, "contacts not made because the whole relay is asked for too many: what withdraw-after measures") \
	PLAIN(teredo_bubbles_limited, "bubbles not sent because of a rate; the packet is queued all the same") \
	PLAIN(teredo_bubbles_no_buffer, "bubbles not sent because there was no packet buffer") \
	PLAIN(teredo_peers_confirmed, "Teredo clients that answered and became trusted, first time or again") \
	PLAIN(teredo_peers_unreachable, "Teredo clients given up after four bubbles") \
	PLAIN(teredo_peers_evicted, "unconfirmed Teredo clients forgotten early to make room for newer ones") \
	PLAIN(teredo_mappings_learned, "mappings learned from a bubble with our nonce (RFC 6081)") \
	PLAIN(teredo_cookies_accepted, "Teredo clients that became trusted by a cookie alone") \
	PLAIN(teredo_queued_packets, "packets queued until their Teredo client answers") \
	PLAIN(teredo_released_packets, "those of them that were sent when it did") \
	PLAIN(queue_teredo_encap_bubble_interval, "packets queued without another bubble: the last one is too recent") \
	PLAIN(consume_teredo_decap_bubble, "bubbles received by the relay") \
	PLAIN(teredo_handed_off_packets, "packets handed to the worker that owns their Teredo client") \
	PLAIN(teredo_server_advertisements, "router advertisements sent to Teredo clients") \
	PLAIN(teredo_server_bubbles, "bubbles passed on to clients by the server") \
	PLAIN(teredo_server_echoes, "other packets passed on to clients by the server") \
	PLAIN(teredo_server_native_packets, "echo messages of clients that the server forwarded natively") \
	PLAIN(teredo_server_native_bytes, "their bytes, IPv6 header included") \
	PLAIN(teredo_server_echo_replies, "echo requests to the server's link-local address answered") \
	PLAIN(observations_lost, "sampled, captured and traced packets and handshakes that there was no room for") \
	PLAIN(echo4_replies, "ICMPv4 echo requests answered") \
	PLAIN(echo6_replies, "ICMPv6 echo requests answered") \
	PLAIN(icmp6_unreachable_sent, "ICMPv6 Destination Unreachable sent in place of a packet") \
	PLAIN(icmp6_too_big_sent, "ICMPv6 Packet Too Big sent in place of a packet") \
	PLAIN(icmp6_time_exceeded_sent, "ICMPv6 Time Exceeded sent in place of a packet") \
	PLAIN(icmp4_unreachable_sent, "ICMPv4 port unreachable sent in place of a packet") \
	PLAIN(reassembled_packets, "IPv4 datagrams put together from fragments") \
	PLAIN(consume_ip4_rx_incomplete, "fragments kept until their datagram is complete or given up") \
	PLAIN(handed_off_packets, "fragments handed to the worker that reassembles their datagram") \
	PLAIN(icmp4_errors_translated, "ICMPv4 errors from inside a tunnel that became ICMPv6 errors") \
	PLAIN(mss_clamped, "TCP SYNs whose MSS was lowered") \
	PLAIN(neigh_waits, "packets that waited for a next hop to be resolved") \
	PLAIN(neigh_misses, "next hops that control was asked to resolve") \
	PLAIN(event_ring_full, "events for control that were lost because the ring was full") \
	\
	DROP(l2_rx, runt, "frame ends before its headers do") \
	DROP(l2_rx, not_ours, "unicast frame for another MAC address") \
	DROP(l2_rx, group_unicast, "broadcast or multicast frame with a unicast IP destination (RFC 1812 5.3.4)") \
	DROP(l2_rx, unknown_vlan, "no interface has these tags on this port") \
	DROP(l2_rx, ethertype, "neither IPv4, IPv6 nor ARP") \
	DROP(l2_rx, segments, "headers are spread over several buffers and do not fit into one") \
	\
	DROP(punt, ring_full, "for the kernel, but the punt ring is full") \
	DROP(punt, limited, "for the kernel, beyond what it gets besides routing and neighbour protocols") \
	DROP(punt, no_twin, "for the kernel, but the interface has no twin") \
	DROP(punt, off_link, "ARP or neighbour discovery that claims an address which is not on the link") \
	DROP(punt, source_limited, "ARP, neighbour discovery, BGP or BFD beyond the share of its source MAC") \
	\
	DROP(ip4_rx, v4_hdr, "IPv4 header, length or option malformed") \
	DROP(ip4_rx, v4_csum, "IPv4 header checksum wrong") \
	DROP(ip4_rx, v4_source_route, "loose or strict source route option") \
	DROP(ip4_rx, no_tunnel, "IPv4 destination, protocol or port belongs to no mechanism, and no port unreachable was due") \
	DROP(ip4_rx, frag_align, "fragment without payload, or not the last one and no multiple of 8 bytes") \
	DROP(ip4_rx, frag_oversize, "fragment beyond the largest datagram that is reassembled") \
	DROP(ip4_rx, frag_overlap, "fragment overlaps another of its datagram, or comes for one that was given up for that") \
	DROP(ip4_rx, frag_ecn_mix, "fragments of a datagram do not agree on ECN (RFC 3168 5.3)") \
	DROP(ip4_rx, frag_duplicate, "fragment that is there already") \
	DROP(ip4_rx, frag_limit, "too many fragments of a datagram, or too many incomplete datagrams of a source") \
	DROP(ip4_rx, handoff_full, "fragment for another worker, whose handoff ring is full") \
	\
	DROP(ip6_rx, v6_hdr, "IPv6 header short or not version 6") \
	DROP(ip6_rx, v6_len, "IPv6 payload length beyond the frame") \
	DROP(ip6_rx, no_tunnel, "IPv6 destination belongs to no mechanism") \
	\
	DROP(ip4_local, icmp4_csum, "ICMPv4 checksum wrong or message short") \
	DROP(ip4_local, icmp4_echo, "echo request from an address that is never answered") \
	DROP(ip4_local, icmp4_ignored, "ICMPv4 type that a service address does not react to") \
	DROP(ip4_local, icmp4_short, "ICMPv4 error that quotes too little of the tunnel packet") \
	DROP(ip4_local, icmp4_not_ours, "ICMPv4 error about a packet that the relay cannot have sent") \
	DROP(ip4_local, icmp4_no_ptb, "ICMPv4 fragmentation needed about a packet that IPv6 may not make smaller") \
	DROP(ip4_local, v6_src_invalid, "ICMPv4 error about a packet whose IPv6 source cannot be told") \
	DROP(ip4_local, no_error_about_error, "ICMPv4 error about an ICMPv6 error") \
	DROP(ip4_local, unreachable_limited, "closed port, answer beyond limits.icmp4-unreachable") \
	DROP(ip4_local, icmp4_limited, "ICMPv4 error beyond limits.icmp4-errors or limits.icmp4-errors-per-source") \
	DROP(ip4_local, icmp6_limited, "ICMPv4 error whose translation is beyond its limit") \
	DROP(ip4_local, echo_limited, "echo request beyond limits.echo4") \
	DROP(ip4_local, src_martian, "closed port asked by an address that is never answered") \
	\
	DROP(ip6_local, v6_src_invalid, "native packet to a service address from a source that may not be answered") \
	DROP(ip6_local, src_6rd, "native packet from an address of a 6rd domain") \
	DROP(ip6_local, src_own, "native packet from an address of the box") \
	DROP(ip6_local, src_isatap, "native packet from an address of an ISATAP site") \
	DROP(ip6_local, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(ip6_local, cookie, "for an address of cookie-prefix that was not made for the source") \
	DROP(ip6_local, echo_limited, "echo request beyond limits.echo6") \
	\
	DROP(6to4_encap, v6_src_invalid, "IPv6 source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(6to4_encap, src_6to4, "6to4 to 6to4 never crosses a relay") \
	DROP(6to4_encap, dst_own, "embedded IPv4 destination is an address of the box") \
	DROP(6to4_encap, dst_relay, "embedded IPv4 destination in 192.88.99.0/24") \
	DROP(6to4_encap, dst_martian, "embedded IPv4 destination is martian or a subnet's broadcast") \
	DROP(6to4_encap, loop_src, "IPv6 source carries an IPv4 address of the box (RFC 6324)") \
	DROP(6to4_encap, rh0, "type 0 routing header with segments left") \
	DROP(6to4_encap, dst_denied, "IPv4 destination refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(6to4_encap, src_6rd, "native packet from an address of a 6rd domain") \
	DROP(6to4_encap, src_isatap, "native packet from an address of an ISATAP site") \
	DROP(6to4_encap, src_own, "native packet from an address of the box") \
	DROP(6to4_encap, src_denied, "native source refused by access.deny-ipv6") \
	DROP(6to4_encap, site_limited, "site beyond access.rate-per-site") \
	DROP(6to4_encap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(6to4_encap, blackhole, "the route to the IPv4 destination is a blackhole") \
	DROP(6to4_encap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(6to4_encap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(6to4_decap, v4_src_own, "outer source is an address of the box: another relay with the same anycast source") \
	DROP(6to4_decap, v4_src_relay, "outer source in 192.88.99.0/24: another relay") \
	DROP(6to4_decap, v4_src_martian, "outer source is martian or a subnet's broadcast") \
	DROP(6to4_decap, v6_hdr, "inner packet short or not IPv6") \
	DROP(6to4_decap, v6_len, "inner payload length beyond the outer packet") \
	DROP(6to4_decap, v6_src_invalid, "inner source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(6to4_decap, v6_dst_invalid, "inner destination likewise") \
	DROP(6to4_decap, src_not_6to4, "inner source not in 2002::/16") \
	DROP(6to4_decap, src_mismatch, "inner source does not carry the outer source: possible spoofing") \
	DROP(6to4_decap, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(6to4_decap, dst_6to4, "6to4 to 6to4 never crosses a relay") \
	DROP(6to4_decap, loop_dst, "IPv6 destination carries an IPv4 address of the box (RFC 6324)") \
	DROP(6to4_decap, rh0, "type 0 routing header with segments left") \
	DROP(6to4_decap, ecn_ce_not_ect, "outer header marked CE, inner packet is not ECN-capable (RFC 6040)") \
	DROP(6to4_decap, hairpin, "for another tunnel of the box, which handover does not allow") \
	DROP(6to4_decap, v4_src_denied, "outer source refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(6to4_decap, dst_denied, "native destination refused by access.deny-ipv6") \
	DROP(6to4_decap, site_limited, "site beyond access.rate-per-site") \
	DROP(6to4_decap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(6to4_decap, blackhole, "the route to the IPv6 destination is a blackhole") \
	DROP(6to4_decap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(6to4_decap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(6rd_encap, v6_src_invalid, "IPv6 source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(6rd_encap, src_6rd, "native packet from an address of the domain") \
	DROP(6rd_encap, null_route, "in the border relay's own delegated prefix, which nobody uses") \
	DROP(6rd_encap, dst_own, "IPv4 destination is an address of the box") \
	DROP(6rd_encap, dst_relay, "IPv4 destination is a known relay") \
	DROP(6rd_encap, dst_martian, "IPv4 destination is martian or a subnet's broadcast") \
	DROP(6rd_encap, loop_src, "IPv6 source carries an IPv4 address of the box (RFC 6324)") \
	DROP(6rd_encap, rh0, "type 0 routing header with segments left") \
	DROP(6rd_encap, dst_denied, "IPv4 destination refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(6rd_encap, src_isatap, "native packet from an address of an ISATAP site") \
	DROP(6rd_encap, src_own, "native packet from an address of the box") \
	DROP(6rd_encap, src_denied, "native source refused by access.deny-ipv6") \
	DROP(6rd_encap, site_limited, "site beyond access.rate-per-site") \
	DROP(6rd_encap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(6rd_encap, blackhole, "the route to the IPv4 destination is a blackhole") \
	DROP(6rd_encap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(6rd_encap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(6rd_decap, v4_src_own, "outer source is an address of the box: another relay with the same source") \
	DROP(6rd_decap, v4_src_relay, "outer source is a known relay") \
	DROP(6rd_decap, v4_src_martian, "outer source is martian or a subnet's broadcast") \
	DROP(6rd_decap, v4_src_not_ce, "outer source does not share the domain's IPv4 prefix") \
	DROP(6rd_decap, v6_hdr, "inner packet short or not IPv6") \
	DROP(6rd_decap, v6_len, "inner payload length beyond the outer packet") \
	DROP(6rd_decap, src_not_6rd, "inner source not in the domain's prefix") \
	DROP(6rd_decap, src_mismatch, "inner source does not carry the outer source: possible spoofing") \
	DROP(6rd_decap, v6_dst_invalid, "inner destination unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(6rd_decap, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(6rd_decap, null_route, "in the border relay's own delegated prefix, which nobody uses") \
	DROP(6rd_decap, loop_dst, "IPv6 destination carries an IPv4 address of the box (RFC 6324)") \
	DROP(6rd_decap, rh0, "type 0 routing header with segments left") \
	DROP(6rd_decap, ecn_ce_not_ect, "outer header marked CE, inner packet is not ECN-capable (RFC 6040)") \
	DROP(6rd_decap, dst_own, "back into the domain, to an address of the box") \
	DROP(6rd_decap, dst_relay, "back into the domain, to a known relay") \
	DROP(6rd_decap, dst_martian, "back into the domain, to a martian") \
	DROP(6rd_decap, hairpin, "back into the domain, or into another tunnel, which policy does not allow") \
	DROP(6rd_decap, v4_src_denied, "outer source refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(6rd_decap, dst_denied, "native destination refused by access.deny-ipv6") \
	DROP(6rd_decap, site_limited, "site beyond access.rate-per-site") \
	DROP(6rd_decap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(6rd_decap, blackhole, "the route to the IPv6 destination is a blackhole") \
	DROP(6rd_decap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(6rd_decap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(isatap_encap, v6_src_invalid, "IPv6 source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(isatap_encap, src_isatap, "native packet from an address of the site") \
	DROP(isatap_encap, dst_own, "IPv4 destination is an address of the box") \
	DROP(isatap_encap, dst_prl, "IPv4 destination is a router of the site") \
	DROP(isatap_encap, dst_not_site, "IPv4 destination outside the site, or martian") \
	DROP(isatap_encap, loop_src, "IPv6 source carries an IPv4 address of the box (RFC 6324)") \
	DROP(isatap_encap, rh0, "type 0 routing header with segments left") \
	DROP(isatap_encap, src_6rd, "native packet from an address of a 6rd domain") \
	DROP(isatap_encap, src_own, "native packet from an address of the box") \
	DROP(isatap_encap, src_denied, "native source refused by access.deny-ipv6") \
	DROP(isatap_encap, site_limited, "site beyond access.rate-per-site") \
	DROP(isatap_encap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(isatap_encap, blackhole, "the route to the IPv4 destination is a blackhole") \
	DROP(isatap_encap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(isatap_encap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(isatap_decap, v4_src_own, "outer source is an address of the box") \
	DROP(isatap_decap, v4_src_not_site, "outer source outside the site, or martian") \
	DROP(isatap_decap, v6_hdr, "inner packet short or not IPv6") \
	DROP(isatap_decap, v6_len, "inner payload length beyond the outer packet") \
	DROP(isatap_decap, src_mismatch, "inner source is no ISATAP address of the site with the outer source: possible spoofing") \
	DROP(isatap_decap, nd_invalid, "neighbour discovery that RFC 4861 calls invalid") \
	DROP(isatap_decap, nd_ignored, "ICMPv6 to the router that it has no use for") \
	DROP(isatap_decap, nd_limited, "solicitations of one host beyond what is answered") \
	DROP(isatap_decap, v6_src_invalid, "inner source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(isatap_decap, v6_dst_invalid, "inner destination likewise") \
	DROP(isatap_decap, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(isatap_decap, loop_dst, "IPv6 destination carries an IPv4 address of the box (RFC 6324)") \
	DROP(isatap_decap, rh0, "type 0 routing header with segments left") \
	DROP(isatap_decap, ecn_ce_not_ect, "outer header marked CE, inner packet is not ECN-capable (RFC 6040)") \
	DROP(isatap_decap, dst_own, "back into the site, to an address of the box") \
	DROP(isatap_decap, dst_prl, "back into the site, to a router of it") \
	DROP(isatap_decap, dst_not_site, "back into the site, to an IPv4 address outside") \
	DROP(isatap_decap, hairpin, "for another tunnel of the box, which handover does not allow") \
	DROP(isatap_decap, dst_denied, "native destination refused by access.deny-ipv6") \
	DROP(isatap_decap, site_limited, "site beyond access.rate-per-site") \
	DROP(isatap_decap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(isatap_decap, blackhole, "the route to the IPv6 destination is a blackhole") \
	DROP(isatap_decap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(isatap_decap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(teredo_encap, v6_src_invalid, "IPv6 source unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(teredo_encap, src_teredo, "Teredo to Teredo never crosses a relay") \
	DROP(teredo_encap, dst_own, "embedded client address is an address of the box") \
	DROP(teredo_encap, dst_martian, "embedded client address is martian, a subnet's broadcast, or in 192.88.99.0/24") \
	DROP(teredo_encap, dst_port_0, "embedded port is 0 or refused by min-client-port") \
	DROP(teredo_encap, server_martian, "embedded server address is martian, a relay's, or the box's own without being its server") \
	DROP(teredo_encap, loop_src, "IPv6 source carries an IPv4 address of the box (RFC 6324)") \
	DROP(teredo_encap, rh0, "type 0 routing header with segments left") \
	DROP(teredo_encap, dst_denied, "client or server address refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(teredo_encap, src_6rd, "native packet from an address of a 6rd domain") \
	DROP(teredo_encap, src_isatap, "native packet from an address of an ISATAP site") \
	DROP(teredo_encap, src_own, "native packet from an address of the box") \
	DROP(teredo_encap, src_denied, "native source refused by access.deny-ipv6") \
	DROP(teredo_encap, site_limited, "client beyond access.rate-per-site") \
	DROP(teredo_encap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(teredo_encap, blackhole, "the route to the IPv4 destination is a blackhole") \
	DROP(teredo_encap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(teredo_encap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	DROP(teredo_encap, bubble_limited, "unknown client, and no bubble may be sent: a rate, a quota or the minimum gap") \
	DROP(teredo_encap, no_room, "unknown client, no room or no quota for its state, and no cookie-prefix") \
	DROP(teredo_encap, stateless, "unknown client asked with a cookie: nothing is kept of it, the packet neither") \
	DROP(teredo_encap, queue_full, "the client's queue, or that of all clients, is full") \
	DROP(teredo_encap, unreachable, "packet of the relay itself to a client that does not answer") \
	DROP(teredo_encap, not_trusted, "error of the relay for a client that is not trusted (G49)") \
	DROP(teredo_encap, handoff_full, "for the worker that owns the client, whose ring is full") \
	\
	DROP(teredo_decap, v4_src_own, "outer source is an address of the box") \
	DROP(teredo_decap, v4_src_relay, "outer source in 192.88.99.0/24") \
	DROP(teredo_decap, v4_src_martian, "outer source is martian or a subnet's broadcast") \
	DROP(teredo_decap, v4_src_denied, "outer source refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(teredo_decap, udp_len, "UDP length short or beyond the datagram") \
	DROP(teredo_decap, udp_csum, "UDP checksum wrong") \
	DROP(teredo_decap, shim_not_expected, "authentication or origin indication, which only a server may use") \
	DROP(teredo_decap, v6_hdr, "inner packet short or not IPv6") \
	DROP(teredo_decap, v6_len, "inner payload length beyond the datagram") \
	DROP(teredo_decap, trailer_discard, "unknown trailer that asks for it (RFC 6081 4)") \
	DROP(teredo_decap, src_not_teredo, "inner source not in 2001::/32") \
	DROP(teredo_decap, src_mismatch, "inner source does not carry the outer source: spoofing, or a symmetric NAT") \
	DROP(teredo_decap, no_peer, "client that the relay does not know (RFC 4380 5.4.2)") \
	DROP(teredo_decap, no_room, "client answered, but no room for a trusted peer") \
	DROP(teredo_decap, handoff_full, "for the worker that owns the client, whose ring is full") \
	DROP(teredo_decap, v6_dst_invalid, "inner destination unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(teredo_decap, dst_teredo, "Teredo to Teredo never crosses a relay") \
	DROP(teredo_decap, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(teredo_decap, loop_dst, "IPv6 destination carries an IPv4 address of the box (RFC 6324)") \
	DROP(teredo_decap, rh0, "type 0 routing header with segments left") \
	DROP(teredo_decap, ecn_ce_not_ect, "outer header marked CE, inner packet is not ECN-capable (RFC 6040)") \
	DROP(teredo_decap, hairpin, "for another tunnel of the box, which handover does not allow") \
	DROP(teredo_decap, dst_denied, "native destination refused by access.deny-ipv6") \
	DROP(teredo_decap, site_limited, "client beyond access.rate-per-site") \
	DROP(teredo_decap, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(teredo_decap, blackhole, "the route to the IPv6 destination is a blackhole") \
	DROP(teredo_decap, no_error_about_error, "an ICMPv6 error was due about an ICMPv6 error") \
	DROP(teredo_decap, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(teredo_server, v4_src_own, "outer source is an address of the box: a bubble would go round for ever") \
	DROP(teredo_server, v4_src_relay, "outer source in 192.88.99.0/24") \
	DROP(teredo_server, v4_src_martian, "outer source is martian or a subnet's broadcast") \
	DROP(teredo_server, v4_src_denied, "outer source refused by access.deny-ipv4 or access.allow-ipv4") \
	DROP(teredo_server, udp_len, "UDP length short or beyond the datagram") \
	DROP(teredo_server, udp_csum, "UDP checksum wrong") \
	DROP(teredo_server, shim_len, "authentication or origin indication beyond the datagram") \
	DROP(teredo_server, shim_not_expected, "origin indication from a client, a shim twice, or of an unknown kind") \
	DROP(teredo_server, v6_hdr, "inner packet short or not IPv6") \
	DROP(teredo_server, v6_len, "inner payload length beyond the datagram") \
	DROP(teredo_server, server_proto, "neither bubble, router solicitation nor echo, or larger than max-icmp6") \
	DROP(teredo_server, rs_invalid, "router solicitation that RFC 4861 6.1.1 calls invalid") \
	DROP(teredo_server, auth_absent, "router solicitation without the authentication that is required") \
	DROP(teredo_server, auth_fail, "client identifier unknown or authentication value wrong") \
	DROP(teredo_server, ra_limited, "router solicitation beyond advertisements-per-host or advertisements-per-net") \
	DROP(teredo_server, src_mismatch, "inner source does not carry the outer source: possible spoofing") \
	DROP(teredo_server, server_not_ours, "for the client of another server, or between two that are no clients") \
	DROP(teredo_server, v6_dst_invalid, "inner destination unspecified, loopback, mapped, link-local, site-local, multicast or ULA") \
	DROP(teredo_server, local_not_echo, "for an address of the box, but no valid echo request") \
	DROP(teredo_server, loop_dst, "IPv6 destination carries an IPv4 address of the box (RFC 6324)") \
	DROP(teredo_server, ecn_ce_not_ect, "outer header marked CE, inner packet is not ECN-capable (RFC 6040)") \
	DROP(teredo_server, hop_limit, "echo message of a client whose hop limit ends here") \
	DROP(teredo_server, dst_own, "embedded client address is an address of the box: a bubble would go round for ever") \
	DROP(teredo_server, dst_martian, "embedded client address is martian, a subnet's broadcast, or in 192.88.99.0/24") \
	DROP(teredo_server, dst_port_0, "embedded port is 0 or refused by min-client-port") \
	DROP(teredo_server, hairpin, "for another tunnel of the box, which handover does not allow") \
	DROP(teredo_server, dst_denied, "client or native destination refused by access") \
	DROP(teredo_server, site_limited, "client beyond access.rate-per-site") \
	DROP(teredo_server, prefix_limited, "native prefix beyond access.rate-per-prefix") \
	DROP(teredo_server, blackhole, "the route to the IPv6 destination is a blackhole") \
	DROP(teredo_server, icmp6_limited, "an ICMPv6 error was due beyond its limit") \
	\
	DROP(originate, no_route, "a reply or error of the box has nowhere to go") \
	\
	DROP(tx, neigh_unresolved, "next hop not resolved in time, or too many packets wait for it") \
	DROP(tx, too_big, "outer packet larger than the MTU of its interface") \
	DROP(tx, segments, "packet in several buffers that neither fits into one nor can be sent by the port") \
	DROP(tx, headroom, "no room in the buffer for the headers") \
	DROP(tx, refused, "the port did not take the frame") \
	DROP(tx, inject_iface, "frame from the kernel for an interface that does not exist") \
	DROP(tx, probe, "for an address that only the relay's own test packets are sent to")

/* clang-format on */

#endif
