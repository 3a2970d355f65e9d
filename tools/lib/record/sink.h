/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where records are written to: a file, a pipe, or a program that listens by UDP or TCP. Nothing
 * here waits: what cannot be written at once is kept, up to a bound, and what has no room is
 * counted as lost. A TCP connection that ends is made anew.
 */
#ifndef NP_RECORD_SINK_H
#define NP_RECORD_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netdb.h>

#include "base/error.h"
#include "base/loop.h"
#include "record/record.h"
#include "record/target.h"

/* The most bytes of messages that are kept. */
#define NP_SINK_KEPT	(8 * 1024 * 1024)

/**
 * struct np_sink_message - what is whole by itself: a line, or an IPFIX message
 * @next: in the queue of a sink
 * @len: bytes of data
 * @counted: records that the sequence number of IPFIX counts
 * @records: flow records, to be counted if they are lost
 * @packets: packets in them
 * @data: its bytes
 */
struct np_sink_message {
	struct np_sink_message *next;
	size_t len;
	uint32_t counted;
	uint32_t records;
	uint64_t packets;
	char data[];
};

/**
 * struct np_sink_use - what the user of a sink gives
 * @loop: where it waits; the user runs it
 * @stamp: completes a message when it is sent, or NULL: see np_ipfix_stamp()
 * @greeting: what every connection and file begins with, and np_sink_greet() repeats, or NULL;
 *	the user frees it after np_sink_close()
 * @lost: where records that were not written are counted
 * @warn: tells people of an endpoint that fails, and that it is back
 * @fail: called when a file cannot be written any more, with the error, or with NULL if nobody
 *	reads a pipe any more
 * @context: given to fail
 */
struct np_sink_use {
	struct np_loop *loop;
	void (*stamp)(void *message, size_t len, uint32_t when, uint32_t sequence);
	struct np_sink_message *greeting;
	struct np_lost *lost;
	void (*warn)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
	void (*fail)(void *context, const struct np_error *err);
	void *context;
};

/**
 * struct np_sink - a place that messages are written to; the members are private
 * @use: see there
 * @target: where it is
 * @found: addresses of the endpoint
 * @next: the one that is tried next
 * @fd: file or socket; -1: none
 * @io: waits until fd can be written
 * @timer: until the next try to connect, or until a try has taken too long
 * @first: messages that are kept, in order
 * @last: the last one
 * @kept: their bytes
 * @written: bytes of the first one, or of the greeting, that are written
 * @greets: the greeting comes before the first one
 * @plain: a file that is always ready, and that a loop cannot watch
 * @up: a connection is there
 * @down: the user has been told that it is not
 * @over: nothing is kept any more
 * @since: when the connection was made, by the clock of the loop
 * @pause: milliseconds until the next try
 * @sequence: what was counted of the messages that were written in this session
 * @sent_records: records of the last datagram, which may still be refused
 * @sent_packets: and their packets
 */
struct np_sink {
	struct np_sink_use use;
	const struct np_target *target;
	struct addrinfo *found;
	const struct addrinfo *next;
	int fd;
	struct np_io io;
	struct np_timer timer;
	struct np_sink_message *first;
	struct np_sink_message *last;
	size_t kept;
	size_t written;
	bool greets;
	bool plain;
	bool up;
	bool down;
	bool over;
	int64_t since;
	int64_t pause;
	uint32_t sequence;
	uint32_t sent_records;
	uint64_t sent_packets;
};

/* Makes a message of bytes, with no records so far. The caller frees it. */
struct np_sink_message *np_sink_message(const void *data, size_t len);
/*
 * Opens the file, or looks up the endpoint and begins to connect. An endpoint that is not there yet
 * is no failure. Returns 0, or -1 with *err filled; np_sink_close() must be called after that too.
 */
int np_sink_open(struct np_sink *sink, const struct np_sink_use *use,
		 const struct np_target *target, struct np_error *err);
/* Writes a message, or keeps it, and frees it. Returns false if it was lost for want of room. */
bool np_sink_put(struct np_sink *sink, struct np_sink_message *message);
/* Sends the greeting again where one may have been lost: by UDP. */
void np_sink_greet(struct np_sink *sink);
/*
 * Counts what is not written yet as lost, and forgets it. What is put later is lost too, where it
 * might have to wait: it would follow a part of a message.
 */
void np_sink_give_up(struct np_sink *sink);
/*
 * Runs the loop until everything is written, for at most so many milliseconds, counts what is not,
 * and frees the sink.
 */
void np_sink_close(struct np_sink *sink, int64_t wait_ms);

#endif
