/*
 * load mode=rpc|fanout port=N path=/ws connections=N per=N warmup=SECONDS seconds=SECONDS frame=TEXT
 *      step=">text" step="<" ... [publisher-step=...]
 *
 * rpc: `per` requests in flight on each connection. fanout: one more connection publishes `per` messages in one write, and
 * again when every subscriber has all of them and the publisher all acknowledgements. Each message carries a number, and
 * each answer and delivery is checked to be the next one and of the right length.
 *
 * stdout: "sample KIND TEXT" (the first of each kind, for the parent to check), "ready" (warmed up, nothing under way;
 * waits for "go" on stdin), "result JSON".
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct {
  const char *mode, *text;
  struct endpoint endpoint;
  int connections, per;
  double warmup, seconds;
} options = {.mode = "", .text = "", .connections = 1, .per = 1};

/* What the first answer or delivery looks like; all others must. */
static struct {
  size_t size, number_at;
  uint64_t bytes;
} expected;

static struct setup client_setup, publisher_setup;
static struct connection *connections, publisher = {.setup = &publisher_setup};
static struct frame frame;
static uint8_t *batch;
static bool running, sampled_ack;
static uint64_t started, wanted, arrived, acknowledged;

static void check(const char *kind, const uint8_t *text, size_t size, uint64_t count) {
  char digits[NUMBER_DIGITS];
  number_digits(count, digits);
  if (expected.size == 0) {
    const uint8_t *at = memmem(text, size, digits, NUMBER_DIGITS);
    printf("sample %s %.*s\n", kind, (int)size, (const char *)text);
    if (at == NULL) fail("%s without its number: %.*s", kind, (int)size, (const char *)text);
    expected.size = size;
    expected.number_at = (size_t)(at - text);
  }
  if (size != expected.size || memcmp(text + expected.number_at, digits, NUMBER_DIGITS) != 0)
    fail("wrong %s: %.*s", kind, (int)(size < 300 ? size : 300), (const char *)text);
  expected.bytes += size;
}

/* Sends `count` frames, numbered from `first` on, in one write. */
static void send_batch(struct connection *connection, uint64_t first, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) frame_number(batch + i * frame.size, &frame, first + i);
  connection_write(connection, batch, (size_t)count * frame.size);
}

/* --- rpc --- */

static void rpc_request(struct connection *connection, uint64_t count, uint64_t now) {
  for (uint64_t i = 0; i < count; i++) connection->sent_at[(connection->sent + i) % (uint64_t)options.per] = now;
  send_batch(connection, connection->sent, count);
  connection->sent += count;
}

static void rpc_message(struct connection *connection, const uint8_t *text, size_t size, uint64_t now) {
  if (connection->received == connection->sent) fail("more answers than requests");
  check("answer", text, size, connection->received);
  delays_add(now - connection->sent_at[connection->received % (uint64_t)options.per], 1);
  connection->received++;
  arrived++;
}

static void rpc_read(struct connection *connection, uint64_t now) {
  uint64_t free_places = (uint64_t)options.per - (connection->sent - connection->received);
  if (running && free_places > 0) rpc_request(connection, free_places, now);
}

static void rpc_run(double seconds) {
  running = true;
  for (int i = 0; i < options.connections; i++) rpc_request(&connections[i], (uint64_t)options.per, now_ns());
  while (running || wanted != arrived) {
    connections_poll();
    if (!running || now_ns() - started < (uint64_t)(seconds * 1e9)) continue;
    running = false;
    wanted = 0;
    for (int i = 0; i < options.connections; i++) wanted += connections[i].sent - connections[i].received;
    wanted += arrived;
  }
}

/* --- fan-out --- */

static void fanout_message(struct connection *connection, const uint8_t *text, size_t size, uint64_t now) {
  if (connection == &publisher) {
    if (!sampled_ack) printf("sample ack %.*s\n", (int)size, (const char *)text);
    sampled_ack = true;
    acknowledged++;
    return;
  }
  if (connection->received == publisher.sent) fail("a message twice: %.*s", (int)size, (const char *)text);
  check("delivery", text, size, connection->received++);
  delays_add(now - publisher.sent_at[0], 1);
  arrived++;
}

static void fanout_run(double seconds) {
  do {
    publisher.sent_at[0] = now_ns();
    publisher.sent += (uint64_t)options.per;
    wanted = arrived + (uint64_t)options.per * (uint64_t)options.connections;
    send_batch(&publisher, publisher.sent - (uint64_t)options.per, (uint64_t)options.per);
    while (arrived < wanted || acknowledged < publisher.sent) connections_poll();
  } while (now_ns() - started < (uint64_t)(seconds * 1e9));
}

/* --- main --- */

static void parse_arguments(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    char *value = strchr(arguments[i], '=');
    if (value == NULL) fail("not an option: %s", arguments[i]);
    *value++ = 0;
    const char *name = arguments[i];
    if (strcmp(name, "mode") == 0) options.mode = value;
    else if (strcmp(name, "port") == 0) options.endpoint.port = atoi(value);
    else if (strcmp(name, "path") == 0) options.endpoint.path = value;
    else if (strcmp(name, "connections") == 0) options.connections = atoi(value);
    else if (strcmp(name, "per") == 0) options.per = atoi(value);
    else if (strcmp(name, "warmup") == 0) options.warmup = atof(value);
    else if (strcmp(name, "seconds") == 0) options.seconds = atof(value);
    else if (strcmp(name, "frame") == 0) options.text = value;
    else if (strcmp(name, "step") == 0 && client_setup.count < 8) client_setup.steps[client_setup.count++] = value;
    else if (strcmp(name, "publisher-step") == 0 && publisher_setup.count < 8) publisher_setup.steps[publisher_setup.count++] = value;
    else fail("unknown option: %s", name);
  }
}

static void raise_file_limit(rlim_t needed) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = needed;
  if (limit.rlim_max < needed) limit.rlim_max = needed;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  fail("%lu open files are needed and the limit cannot be raised: try `ulimit -n %lu` as root", (unsigned long)needed, (unsigned long)needed);
}

int main(int count, char **arguments) {
  parse_arguments(count, arguments);
  bool rpc = strcmp(options.mode, "rpc") == 0;
  void (*run)(double) = rpc ? rpc_run : fanout_run;
  alarm((unsigned)(options.warmup + options.seconds) + 60); /* whatever happens, it ends */
  raise_file_limit((rlim_t)options.connections + 64);

  frame_build(&frame, options.text);
  batch = malloc(frame.size * (size_t)options.per);
  for (int i = 0; i < options.per; i++) memcpy(batch + (size_t)i * frame.size, frame.bytes, frame.size);
  connections = calloc((size_t)options.connections, sizeof *connections);
  publisher.sent_at = calloc(1, sizeof *publisher.sent_at);
  for (int i = 0; i < options.connections; i++) {
    connections[i].setup = &client_setup;
    if (rpc) connections[i].sent_at = calloc((size_t)options.per, sizeof *connections[i].sent_at);
  }
  connections_use(rpc ? rpc_message : fanout_message, rpc ? rpc_read : NULL);
  connections_open(connections, options.connections, &options.endpoint);
  if (!rpc) connections_open(&publisher, 1, &options.endpoint);

  started = now_ns();
  if (options.warmup > 0) run(options.warmup);
  wait_for_go();

  delays_reset();
  expected.bytes = 0;
  uint64_t arrived_before = arrived, cpu_before = cpu_us();
  started = now_ns();
  run(options.seconds);
  double elapsed = (double)(now_ns() - started) / 1e9;
  printf("result {\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"p50\":%.1f,\"p99\":%.1f,\"cpu\":%llu}\n",
         (unsigned long long)(arrived - arrived_before), (unsigned long long)expected.bytes, elapsed, delays_percentile_us(0.5),
         delays_percentile_us(0.99), (unsigned long long)(cpu_us() - cpu_before));
  return 0;
}
