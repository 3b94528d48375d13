/* The dispatcher of protocol `eng`: lists cases, and runs them by index or name in the order in which
 * they are asked for. Into the report it writes `start [STDOUT STDERR] NAME`, with the bytes written
 * before to the two streams if these are files, and at the end `ok [SECONDS] NAME`,
 * `not ok [SECONDS] NAME` or `skip [SECONDS] NAME # WHY`; each line at once, so that a case that
 * kills the process is known.
 *
 *     program --list
 *     program [--report FILE] [--name NAME | --index 0,3,5-7]..
 *
 * Other arguments are the cases' own.
 */
#define _POSIX_C_SOURCE 200809L
#include "eng_test.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What can be asked for: an entry, or one value of it. */
struct named {
    char *name;
    size_t index;
    size_t at;
    struct eng_test_entry *entry;
};

static struct eng_test_entry *first_entry, **last_link = &first_entry;
static unsigned units;

static struct eng_test_entry **fixtures;
static size_t fixture_count;
static struct named *cases;
static size_t case_count;

static enum { PASSED, FAILED, SKIPPED } state;
/* True if there is a report, and why the case was skipped, as it tells it. */
static int reports;
static char reason[256];
static jmp_buf leave;
static pid_t own_process;
/* Set in the thread that runs the case only. */
static __thread int on_stage, catches_now;

/* ---- what the header calls */

void eng_test_add(struct eng_test_entry *entry)
{
    if (entry->unit->number == 0)
        entry->unit->number = ++units;
    *last_link = entry;
    last_link = &entry->next;
}

/* A path as it is told: an included file's starts with the folder where it was found. */
static const char *told(const char *file)
{
    return strncmp(file, "./", 2) == 0 ? file + 2 : file;
}

void eng_test_fail(const char *file, int line, const char *what)
{
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK(%s) failed\n", told(file), line, what);
}

void eng_test_unequal(const char *file, int line, const char *left, const char *right)
{
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK_EQ(%s, %s) failed\n", told(file), line, left, right);
}

void eng_test_skip(const char *why)
{
    if (!reports)
        fprintf(stderr, "skipped: %s\n", why);
    if (state != PASSED)
        return;
    state = SKIPPED;
    snprintf(reason, sizeof reason, "%s", why);
    for (char *c = reason; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
}

void eng_test_threw(const char *what)
{
    state = FAILED;
    fprintf(stderr, "the case threw: %s\n", what);
}

void eng_test_catches(int catches)
{
    catches_now = catches;
}

int eng_test_may_throw(void)
{
    return on_stage && catches_now;
}

void eng_test_jump(void)
{
    if (!on_stage) {
        fprintf(stderr, "a case cannot be left from another thread\n");
        fflush(stdout);
        abort();
    }
    longjmp(leave, 1);
}

struct eng_test_value eng_test_signed(long long value)
{
    struct eng_test_value res = {ENG_TEST_SIGNED, (unsigned long long)value, (long double)value};
    return res;
}

struct eng_test_value eng_test_unsigned(unsigned long long value)
{
    struct eng_test_value res = {ENG_TEST_UNSIGNED, value, (long double)value};
    return res;
}

struct eng_test_value eng_test_real(long double value)
{
    struct eng_test_value res = {ENG_TEST_REAL, 0, value};
    return res;
}

struct eng_test_value eng_test_address(const volatile void *value)
{
    size_t address = (size_t)value;
    struct eng_test_value res = {ENG_TEST_ADDRESS, address, (long double)address};
    return res;
}

static void print_value(struct eng_test_value value)
{
    char text[64];
    if (value.kind == ENG_TEST_SIGNED)
        snprintf(text, sizeof text, "%lld", (long long)value.bits);
    else if (value.kind == ENG_TEST_UNSIGNED)
        snprintf(text, sizeof text, "%llu", value.bits);
    else if (value.kind == ENG_TEST_ADDRESS)
        snprintf(text, sizeof text, "0x%llx", value.bits);
    /* As few digits as tell it from its neighbours. */
    for (int digits = 6; value.kind == ENG_TEST_REAL && digits <= 21; digits++) {
        double near = (double)value.real;
        snprintf(text, sizeof text, "%.*Lg", digits, value.real);
        if (near == value.real ? strtod(text, NULL) == near : strtold(text, NULL) == value.real)
            break;
    }
    fputs(text, stderr);
}

int eng_test_equal(const char *file, int line, const char *left_text, const char *right_text,
                   struct eng_test_value left, struct eng_test_value right)
{
    int real = left.kind == ENG_TEST_REAL || right.kind == ENG_TEST_REAL;
    /* Equal bits are not enough: those of -1 are those of a large number, too. */
    if (left.real == right.real && (real || left.bits == right.bits))
        return 1;
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK_EQ(%s, %s) failed: ", told(file), line, left_text, right_text);
    print_value(left);
    fputs(" is not ", stderr);
    print_value(right);
    fputc('\n', stderr);
    return 0;
}

static void print_text(const char *text)
{
    fprintf(stderr, text ? "\"%s\"" : "NULL", text);
}

int eng_test_text_equal(const char *file, int line, const char *left_text,
                        const char *right_text, const char *left, const char *right)
{
    if (left && right ? strcmp(left, right) == 0 : left == right)
        return 1;
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK_STR_EQ(%s, %s) failed: ", told(file), line, left_text,
            right_text);
    print_text(left);
    fputs(" is not ", stderr);
    print_text(right);
    fputc('\n', stderr);
    return 0;
}

/* ---- the cases */

static void *allocate(size_t count, size_t size)
{
    void *res = calloc(count ? count : 1, size);
    if (!res) {
        perror("allocate");
        exit(2);
    }
    return res;
}

/* <file without leading ./ or out/ and without extension>::<name>, and /<at> for one value. */
static char *name_of(const struct eng_test_entry *entry, size_t at)
{
    const char *file = told(entry->file);
    if (strncmp(file, "out/", 4) == 0)
        file += 4;
    const char *dot = strrchr(file, '.'), *slash = strrchr(file, '/');
    size_t length = dot && (!slash || dot > slash) ? (size_t)(dot - file) : strlen(file);
    size_t size = length + strlen(entry->name) + sizeof "::/18446744073709551615";
    char *name = allocate(size, 1);
    int end = snprintf(name, size, "%.*s::%s", (int)length, file, entry->name);
    if (entry->values)
        snprintf(name + end, size - (size_t)end, "/%zu", at);
    return name;
}

/* Optimization may change the order of constructors in a unit, the linker keeps that of units. */
static int by_place(const void *left, const void *right)
{
    const struct eng_test_entry *a = *(struct eng_test_entry *const *)left;
    const struct eng_test_entry *b = *(struct eng_test_entry *const *)right;
    if (a->unit->number != b->unit->number)
        return a->unit->number < b->unit->number ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static int by_name(const void *left, const void *right)
{
    const struct named *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

static void collect(void)
{
    size_t count = 0, at = 0;
    for (struct eng_test_entry *e = first_entry; e; e = e->next) {
        count++;
        case_count += e->kind != ENG_TEST_CASE ? 0 : e->values ? e->values : 1;
    }
    struct eng_test_entry **all = allocate(count, sizeof *all);
    for (struct eng_test_entry *e = first_entry; e; e = e->next)
        all[at++] = e;
    qsort(all, count, sizeof *all, by_place);
    cases = allocate(case_count, sizeof *cases);
    fixtures = allocate(count, sizeof *fixtures);
    case_count = 0;
    for (at = 0; at < count; at++) {
        if (all[at]->kind != ENG_TEST_CASE) {
            fixtures[fixture_count++] = all[at];
            continue;
        }
        size_t turns = all[at]->values ? all[at]->values : 1;
        for (size_t turn = 0; turn < turns; turn++, case_count++) {
            struct named one = {name_of(all[at], turn), case_count, turn, all[at]};
            cases[case_count] = one;
        }
    }
    free(all);
}

/* ---- which are wanted */

static size_t *wanted, wanted_count, wanted_room;

static void want(size_t index)
{
    if (wanted_count == wanted_room) {
        wanted_room = wanted_room ? wanted_room * 2 : 64;
        wanted = realloc(wanted, wanted_room * sizeof *wanted);
        if (!wanted) {
            perror("allocate");
            exit(2);
        }
    }
    wanted[wanted_count++] = index;
}

static void want_name(const char *name)
{
    static struct named **sorted;
    if (!sorted) {
        sorted = allocate(case_count, sizeof *sorted);
        for (size_t i = 0; i < case_count; i++)
            sorted[i] = &cases[i];
        qsort(sorted, case_count, sizeof *sorted, by_name);
    }
    struct named key = {(char *)name, 0, 0, NULL}, *looked_for = &key;
    struct named **found = bsearch(&looked_for, sorted, case_count, sizeof *sorted, by_name);
    if (!found) {
        fprintf(stderr, "no case has the name '%s'\n", name);
        exit(2);
    }
    want((*found)->index);
}

static size_t read_index(const char **text)
{
    char *end;
    errno = 0;
    unsigned long index = strtoul(*text, &end, 10);
    if (**text < '0' || **text > '9') {
        fprintf(stderr, "'%s' is no list of indices, such as 0,3,5-7\n", *text);
        exit(2);
    }
    if (errno || index >= case_count) {
        fprintf(stderr, "no case has the index %.*s: there are %zu, counted from 0\n",
                (int)(end - *text), *text, case_count);
        exit(2);
    }
    *text = end;
    return index;
}

static void want_indices(const char *text)
{
    for (;;) {
        const char *part = text;
        size_t from = read_index(&text), to = from;
        if (*text == '-') {
            text++;
            to = read_index(&text);
        }
        if (from > to || (*text && *text != ',')) {
            fprintf(stderr, "'%s' is no list of indices, such as 0,3,5-7\n", part);
            exit(2);
        }
        for (size_t index = from; index <= to; index++)
            want(index);
        if (!*text)
            return;
        text++;
    }
}

/* ---- running */

/* Runs a body. A check that fails comes back here. */
static void perform(const struct eng_test_entry *entry, size_t at)
{
    on_stage = 1;
    catches_now = 0;
    if (setjmp(leave) == 0) {
        if (entry->call)
            entry->call(entry->body, at);
        else
            entry->body(at);
    }
    on_stage = 0;
    if (getpid() != own_process) {
        /* A child of the case that did not end by itself must not go on with the other cases. */
        fflush(stdout);
        fflush(stderr);
        _exit(state == FAILED);
    }
}

static int is_fixture(size_t at, enum eng_test_kind kind, const struct eng_test_entry *of)
{
    const struct eng_test_entry *fixture = fixtures[at];
    return fixture->kind == kind && fixture->unit == of->unit &&
           strcmp(fixture->file, of->file) == 0;
}

static void report_start(FILE *to, const char *name)
{
    if (!to)
        return;
    /* Where in the two streams the case starts, if they are files: what it prints is found there. */
    off_t out = lseek(STDOUT_FILENO, 0, SEEK_CUR), err = lseek(STDERR_FILENO, 0, SEEK_CUR);
    if (out >= 0 && err >= 0)
        fprintf(to, "start [%lld %lld] %s\n", (long long)out, (long long)err, name);
    else
        fprintf(to, "start %s\n", name);
    fflush(to);
}

static void report_end(FILE *to, const char *name, const struct timespec *began)
{
    static const char *const words[] = {"ok", "not ok", "skip"};
    struct timespec now;
    if (!to)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - began->tv_sec);
    seconds += 1e-9 * (double)(now.tv_nsec - began->tv_nsec);
    fprintf(to, "%s [%.6f] %s", words[state], seconds, name);
    if (state == SKIPPED)
        fprintf(to, " # %s", reason);
    fputc('\n', to);
    fflush(to);
}

static int run(const struct named *one, FILE *to)
{
    const struct eng_test_entry *entry = one->entry;
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    state = PASSED;
    report_start(to, one->name);
    for (size_t i = 0; i < fixture_count && state == PASSED; i++)
        if (is_fixture(i, ENG_TEST_SETUP, entry))
            perform(fixtures[i], 0);
    if (state == PASSED)
        perform(entry, one->at);
    for (size_t i = fixture_count; i-- > 0;)
        if (is_fixture(i, ENG_TEST_TEARDOWN, entry))
            perform(fixtures[i], 0);
    fflush(stdout);
    fflush(stderr);
    report_end(to, one->name, &began);
    return state == FAILED;
}

int main(int argc, char **argv)
{
    /* What a case has printed is there when it kills the process. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    FILE *to = NULL;
    int chosen = 0, failed = 0;
    own_process = getpid();
    collect();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            for (size_t at = 0; at < case_count; at++)
                puts(cases[at].name);
            return fflush(stdout) != 0;
        }
        int names = strcmp(argv[i], "--name") == 0, indices = strcmp(argv[i], "--index") == 0;
        if (!names && !indices && strcmp(argv[i], "--report") != 0)
            continue;
        if (i + 1 == argc) {
            fprintf(stderr, "%s needs a value\n", argv[i]);
            return 2;
        }
        i++;
        chosen |= names || indices;
        if (names)
            want_name(argv[i]);
        else if (indices)
            want_indices(argv[i]);
        else if (!(reports = (to = fopen(argv[i], "we")) != NULL)) {
            perror(argv[i]);
            return 2;
        }
    }
    for (size_t at = 0; !chosen && at < case_count; at++)
        want(at);
    for (size_t at = 0; at < wanted_count; at++)
        failed += run(&cases[wanted[at]], to);
    if (to && (ferror(to) || fclose(to) != 0)) {
        perror("write the report");
        return 2;
    }
    return failed != 0;
}
