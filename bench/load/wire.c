#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Not zero: servers skip unmasking for a zero key, which no real client has. */
static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};
/* The pair of RFC 6455, section 1.3: one key for all connections spares us SHA-1. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define READ_SIZE (1 << 18)
/*
 * Before each look at the sockets (with the timer's slack about 80 us). A load process that waits in epoll is woken by every
 * single write of the server, at the server's expense: 10 us instead of 7 for a call on raw `ws`, and more for those who write
 * more often. Clients on other machines do not do that.
 */
#define PAUSE_US 20
#define SILENCE_MS 10000
#define OPENING_AT_ONCE 64 /* well below the servers' listen backlog */

static int poller = -1;
static int opened;
static message_handler handle_message;
static read_handler handle_read;
static uint8_t input[READ_SIZE * 2];

void connections_use(message_handler on_message, read_handler on_read) {
  handle_message = on_message;
  handle_read = on_read;
}

/* --- frames out --- */

static size_t frame_header(uint8_t *out, int opcode, size_t size) {
  size_t at = 0;
  out[at++] = 0x80 | opcode;
  if (size < 126) {
    out[at++] = 0x80 | size;
  } else {
    out[at++] = 0x80 | 126;
    out[at++] = size >> 8;
    out[at++] = size & 255;
  }
  memcpy(out + at, MASK, 4);
  return at + 4;
}

void frame_build(struct frame *frame, const char *text) {
  size_t size = strlen(text);
  if (size > 65535) fail("frame text too long");
  frame->bytes = malloc(size + 8);
  size_t header = frame_header(frame->bytes, 1, size);
  for (size_t i = 0; i < size; i++) frame->bytes[header + i] = text[i] ^ MASK[i & 3];
  frame->size = header + size;
  frame->number_count = 0;
  for (const char *mark = text; (mark = strstr(mark, NUMBER_MARK)) != NULL; mark += NUMBER_DIGITS)
    if (frame->number_count < 4) frame->numbers_at[frame->number_count++] = header + (size_t)(mark - text);
}

void number_digits(uint64_t count, char digits[NUMBER_DIGITS]) {
  uint32_t number = NUMBER_FIRST + (uint32_t)(count % 900000u);
  for (int i = NUMBER_DIGITS - 1; i >= 0; i--, number /= 10) digits[i] = '0' + number % 10;
}

/* Writes a number into `bytes`, a copy of the frame. */
void frame_number(uint8_t *bytes, const struct frame *frame, uint64_t count) {
  char digits[NUMBER_DIGITS];
  size_t header = frame->bytes[1] == (0x80 | 126) ? 8 : 6;
  number_digits(count, digits);
  for (int n = 0; n < frame->number_count; n++)
    for (int i = 0; i < NUMBER_DIGITS; i++) {
      size_t at = frame->numbers_at[n] + (size_t)i;
      bytes[at] = digits[i] ^ MASK[(at - header) & 3];
    }
}

void connection_write(struct connection *connection, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = send(connection->fd, bytes, size, MSG_NOSIGNAL);
    if (written > 0) {
      bytes += written;
      size -= (size_t)written;
    } else if (errno == EAGAIN) {
      /* The few requests in flight fit the socket's buffer: to wait here is rare and cannot lock up. */
      struct pollfd wait = {.fd = connection->fd, .events = POLLOUT};
      if (poll(&wait, 1, 5000) != 1) fail("server does not read");
    } else if (errno != EINTR) {
      fail("write: %s", strerror(errno));
    }
  }
}

static void write_frame(struct connection *connection, int opcode, const void *text, size_t size) {
  uint8_t bytes[512];
  if (size > 480) fail("set-up text too long");
  size_t header = frame_header(bytes, opcode, size);
  for (size_t i = 0; i < size; i++) bytes[header + i] = ((const uint8_t *)text)[i] ^ MASK[i & 3];
  connection_write(connection, bytes, header + size);
}

/* --- set-up --- */

static void setup_advance(struct connection *connection) {
  struct setup *setup = connection->setup;
  while (connection->step < setup->count && setup->steps[connection->step][0] == '>') {
    const char *text = setup->steps[connection->step++] + 1;
    write_frame(connection, 1, text, strlen(text));
  }
  if (connection->step == setup->count) opened++;
}

/* All connections get answers of one length: a refusal among acceptances would show. */
static void setup_answer(struct connection *connection, size_t size) {
  size_t *expected = &connection->setup->answer_sizes[connection->step];
  if (*expected == 0) *expected = size;
  if (*expected != size) fail("answer of %zu bytes in the set-up, %zu before", size, *expected);
  connection->step++;
  setup_advance(connection);
}

static size_t handshake(struct connection *connection, const uint8_t *bytes, size_t size) {
  const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  size_t length = (size_t)(end - bytes) + 4;
  if (memmem(bytes, length, "HTTP/1.1 101 ", 13) != bytes || memmem(bytes, length, ACCEPT, strlen(ACCEPT)) == NULL)
    fail("handshake refused: %.*s", (int)(length < 60 ? length : 60), (const char *)bytes);
  connection->step = 0;
  setup_advance(connection);
  return length;
}

/* --- frames in --- */

static void frame_arrived(struct connection *connection, int opcode, const uint8_t *payload, size_t size, uint64_t now) {
  if (opcode == 9) write_frame(connection, 10, payload, size);
  else if (opcode == 8) fail("server closed a connection, code %d", size < 2 ? 1005 : payload[0] << 8 | payload[1]);
  else if (opcode != 1) fail("unexpected frame, opcode %d", opcode);
  else if (size == 1 && payload[0] == '2') write_frame(connection, 1, "3", 1); /* Engine.IO's ping is a text frame */
  else if (connection->step < connection->setup->count) setup_answer(connection, size);
  else if (handle_message != NULL) handle_message(connection, payload, size, now);
}

/* Answers how many bytes were used: whole frames only. */
static size_t parse(struct connection *connection, const uint8_t *bytes, size_t size, uint64_t now) {
  size_t at = 0;
  if (connection->step < 0 && (at = handshake(connection, bytes, size)) == 0) return 0;
  while (size - at >= 2) {
    size_t header = 2, length = bytes[at + 1] & 127;
    if (bytes[at + 1] & 128) fail("masked frame from the server");
    if (!(bytes[at] & 128) || bytes[at] & 0x70) fail("fragmented or compressed frame");
    if (length >= 126) {
      int wide = length == 126 ? 2 : 8;
      header += (size_t)wide;
      if (size - at < header) break;
      length = 0;
      for (int i = 0; i < wide; i++) length = length << 8 | bytes[at + 2 + i];
    }
    if (header + length > READ_SIZE) fail("frame of %zu bytes", length);
    if (size - at < header + length) break;
    frame_arrived(connection, bytes[at] & 15, bytes + at + header, length, now);
    at += header + length;
  }
  return at;
}

static void connection_read(struct connection *connection) {
  size_t had = connection->rest_size;
  ssize_t got = recv(connection->fd, input + had, READ_SIZE, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) fail("connection lost: %s", got == 0 ? "closed by the server" : strerror(errno));
  uint64_t now = now_ns();
  if (had > 0) memcpy(input, connection->rest, had);
  size_t size = had + (size_t)got, used = parse(connection, input, size, now);
  connection->rest_size = size - used;
  if (connection->rest_size > 0) {
    if (connection->rest_size > READ_SIZE) fail("too much without a whole frame");
    connection->rest = realloc(connection->rest, connection->rest_size);
    memcpy(connection->rest, input + used, connection->rest_size);
  }
  if (connection->step == connection->setup->count && handle_read != NULL) handle_read(connection, now);
}

/* --- connections --- */

static void dial(struct connection *connection, const struct endpoint *endpoint) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(endpoint->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int one = 1;
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connection->fd < 0) fail("socket: %s", strerror(errno));
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect: %s", strerror(errno));
  char request[512];
  int size = snprintf(request, sizeof request,
                      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
                      endpoint->path, endpoint->port);
  connection->step = -1;
  connection_write(connection, (uint8_t *)request, (size_t)size);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) != 0) fail("epoll: %s", strerror(errno));
}

static int poll_once(int timeout_ms) {
  struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
  for (int i = 0; i < count; i++)
    if (events[i].data.ptr != NULL) connection_read(events[i].data.ptr);
  return count;
}

void connections_poll(void) {
  usleep(PAUSE_US);
  if (poll_once(SILENCE_MS) == 0) fail("nothing arrives any more: a message is lost");
}

void connections_open(struct connection *connections, int count, const struct endpoint *endpoint) {
  if (poller < 0) poller = epoll_create1(0);
  for (int dialled = opened = 0; opened < count;) {
    while (dialled < count && dialled - opened < OPENING_AT_ONCE) dial(&connections[dialled++], endpoint);
    connections_poll();
  }
}

void wait_for_go(void) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  struct pollfd parent = {.fd = STDIN_FILENO, .events = POLLIN};
  char line[16];
  puts("ready");
  fflush(stdout);
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  while (poll(&parent, 1, 0) == 0) poll_once(1000);
  epoll_ctl(poller, EPOLL_CTL_DEL, STDIN_FILENO, &event);
  if (read(STDIN_FILENO, line, sizeof line) <= 0) fail("parent has gone");
}
