/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page is complete without this. Here: newer figures every ten seconds, by taking over what has data-live from the
 * same page fetched again; the choices without a jump to the top; the figures under the pointer.
 */
'use strict';

const EVERY_MS = 10000;
const NAMES = ['6to4', '6rd', 'ISATAP', 'Teredo'];
const byId = id => document.getElementById(id);
let history_ = null;
let timer = 0;

function take(text) {
	const fresh = new DOMParser().parseFromString(text, 'text/html');
	const focused = document.activeElement && document.activeElement.id;
	for (const old of document.querySelectorAll('[data-live]')) {
		const now = fresh.getElementById(old.id);
		if (now && now.innerHTML !== old.innerHTML)
			old.replaceChildren(...now.childNodes);
	}
	if (focused && byId(focused))
		byId(focused).focus();
	history_ = null;
}

async function refresh() {
	clearTimeout(timer);
	const here = location.href;
	try {
		const answer = await fetch(here, {cache: 'no-store'});
		if (!answer.ok)
			throw new Error(answer.status);
		const text = await answer.text();
		if (here === location.href)
			take(text);
		byId('stale').textContent = '';
	} catch {
		byId('stale').textContent = 'The relay does not answer.';
	}
	clearTimeout(timer);
	timer = setTimeout(() => document.hidden || refresh(), EVERY_MS);
}

function si(value, unit) {
	let prefix = 0;
	for (; value >= 999.5 && prefix < 6; prefix++)
		value /= 1000;
	return (value >= 99.95 ? value.toFixed(0) : Number(value.toPrecision(3))) + ' ' + ' kMGTPE'[prefix].trim() + unit;
}

/* One line: when, and of each mechanism that did something, how much. */
function describe(at) {
	const packets = new URLSearchParams(location.search).get('unit') === 'packets';
	const length = history_.series[Object.keys(history_.series)[0]].mean.length;
	const index = Math.max(0, Math.min(length - 1, Math.floor(at * length)));
	const time = new Date((history_.end - (length - index - 0.5) * history_.step_s) * 1000);
	const parts = [];
	for (const name of NAMES) {
		const pick = way => (history_.series[`${name}.${way}.${packets ? 'packets' : 'bytes'}`] || {mean: []}).mean[index];
		const [up, down] = [pick('in'), pick('out')];
		if (up || down)
			parts.push(`${name} ▲ ${si((up || 0) * (packets ? 1 : 8), packets ? '/s' : 'bit/s')} ` +
				`▼ ${si((down || 0) * (packets ? 1 : 8), packets ? '/s' : 'bit/s')}`);
	}
	return time.toISOString().slice(0, 16).replace('T', ' ') + ' UTC: ' + (parts.join(', ') || 'nothing');
}

async function point(event) {
	const plot = event.target.closest('.plot.large');
	if (!plot)
		return leave();
	const box = plot.getBoundingClientRect();
	const at = (event.clientX - box.left) / box.width;
	if (!history_) {
		const span = new URLSearchParams(location.search).get('span') || 'hour';
		history_ = {};
		history_ = await (await fetch('history.json?span=' + encodeURIComponent(span))).json();
	}
	if (!history_.series)
		return;
	let line = plot.querySelector('.cursor');
	if (!line) {
		line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
		line.setAttribute('class', 'cursor');
		line.setAttribute('y2', '100%');
		plot.querySelector('.in').append(line);
	}
	line.setAttribute('x1', at * 100 + '%');
	line.setAttribute('x2', at * 100 + '%');
	byId('readout').textContent = describe(at);
}

function leave() {
	const line = document.querySelector('.cursor');
	if (line)
		line.remove();
	byId('readout').textContent = '';
}

byId('choice').addEventListener('click', event => {
	const link = event.target.closest('a');
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey)
		return;
	event.preventDefault();
	history.pushState(null, '', link.href);
	refresh();
});
byId('traffic').addEventListener('pointermove', event => point(event).catch(leave));
byId('traffic').addEventListener('pointerleave', leave);
addEventListener('popstate', refresh);
document.addEventListener('visibilitychange', () => document.hidden || refresh());
timer = setTimeout(refresh, EVERY_MS);
