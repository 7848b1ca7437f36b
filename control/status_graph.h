/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Graphs as SVG within the page: areas on top of each other, mirrored for the two directions. Colours, fonts and sizes
 * are the style sheet's; areas stretch with the page while text keeps its size.
 */
#ifndef TS_CTL_STATUS_GRAPH_H
#define TS_CTL_STATUS_GRAPH_H

#include <stdint.h>
#include <stdio.h>

#include "control/history.h"

#define TS_GRAPH_LAYERS 4
#define TS_GRAPH_POINTS 360

struct ts_graph {
	const char *title;     /* what a reader who sees nothing is told */
	const char *kind;      /* class of the style sheet: "large" or "small" */
	const char *unit;      /* "bit/s" */
	const char *up, *down; /* labels of the directions; NULL: nothing is mirrored */
	enum ts_history_span span;
	double least;	/* the scale reaches this far at least */
	unsigned group; /* cells to a point */
	unsigned n_layers, n_points;
	int64_t end_s;					   /* when the newest point ends */
	uint32_t step_s;				   /* from point to point */
	unsigned colour[TS_GRAPH_LAYERS];		   /* class "cN" */
	double value[2][TS_GRAPH_LAYERS][TS_GRAPH_POINTS]; /* up, down; oldest first; NaN: not known */
};

/* Everything but texts and layers; group: so many cells of the history become a point. */
void ts_graph_begin(struct ts_graph *g, const struct ts_history *h, enum ts_history_span span, unsigned group);
/* One more layer, the next on top: series up and down, -1 for none, times a factor. */
void ts_graph_add(struct ts_graph *g, const struct ts_history *h, int up, int down, double factor, unsigned colour);
void ts_graph_put(FILE *out, const struct ts_graph *g);

/* The distance of grid lines for a scale of this length: 1, 2 or 5 times a power of ten, about four of them. */
double ts_graph_step(double length);

#endif
