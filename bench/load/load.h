/* The load generator: one thread, one epoll, prebuilt frames, no JSON. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stands for a number of six digits in a frame's text; every frame of one kind has the same length. */
#define NUMBER_MARK "@@@@@@"
#define NUMBER_DIGITS 6
#define NUMBER_FIRST 100000u

/* A masked text frame, whose numbers can be changed in place. */
struct frame {
  uint8_t *bytes;
  size_t size;
  size_t numbers_at[4];
  int number_count;
};

/* What a connection says and waits for before it takes part: ">text" sends, "<" waits for one message. */
struct setup {
  const char *steps[8];
  size_t answer_sizes[8];
  int count;
};

struct connection {
  int fd;
  struct setup *setup;
  int step; /* -1: in the handshake */
  uint64_t sent, received;
  uint64_t *sent_at; /* a ring, one time for each request in flight */
  uint8_t *rest;     /* the begin of a frame that has not arrived whole */
  size_t rest_size;
};

struct endpoint {
  int port;
  const char *path;
};

/* Called for each message after the set-up. `now` is taken once after each read. */
typedef void (*message_handler)(struct connection *connection, const uint8_t *text, size_t size, uint64_t now);
/* Called after the messages of one read, so that the answers to all of them leave in one write. */
typedef void (*read_handler)(struct connection *connection, uint64_t now);

/* wire.c */
void frame_build(struct frame *frame, const char *text);
void frame_number(uint8_t *bytes, const struct frame *frame, uint64_t count);
void number_digits(uint64_t count, char digits[NUMBER_DIGITS]);
void connections_use(message_handler on_message, read_handler on_read);
void connections_open(struct connection *connections, int count, const struct endpoint *endpoint);
/* Waits for something to read, and reads it. */
void connections_poll(void);
void connection_write(struct connection *connection, const uint8_t *bytes, size_t size);
/* Reports READY and serves the connections until the parent says "go". */
void wait_for_go(void);

/* stats.c */
uint64_t now_ns(void);
uint64_t cpu_us(void);
void delays_reset(void);
void delays_add(uint64_t delay_ns, uint64_t times);
double delays_percentile_us(double share);
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
