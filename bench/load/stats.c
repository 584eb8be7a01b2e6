#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Buckets of equal relative width: 128 between one power of two and the next, so that a reading is off by less than 1 %. */
#define BUCKET_BITS 7
#define BUCKETS (1 << BUCKET_BITS)

static uint64_t counts[64][BUCKETS];
static uint64_t total;

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void delays_reset(void) {
  memset(counts, 0, sizeof counts);
  total = 0;
}

void delays_add(uint64_t delay_ns, uint64_t times) {
  uint64_t value = delay_ns < BUCKETS ? BUCKETS : delay_ns;
  int power = 63 - __builtin_clzll(value);
  counts[power][(value >> (power - BUCKET_BITS)) & (BUCKETS - 1)] += times;
  total += times;
}

double delays_percentile_us(double share) {
  uint64_t rank = (uint64_t)(share * (double)total), seen = 0;
  for (int power = BUCKET_BITS; power < 64; power++)
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      seen += counts[power][bucket];
      if (seen > rank) return (double)((uint64_t)(BUCKETS + bucket) << (power - BUCKET_BITS)) / 1000.0;
    }
  return 0;
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}
