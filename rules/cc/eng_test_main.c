/* The dispatcher of protocol `eng`: lists cases, runs them by index or name, and writes
 * `start NAME` and `ok NAME`, `not ok NAME` or `skip NAME` into the report, each line at once,
 * so that a case that kills the process is known.
 *
 *     program --list
 *     program [--report FILE] [--name NAME | --index 0,3,5-7]
 */
#include "eng_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct eng_test_case *first_case, **last_link = &first_case;
static enum { PASSED, FAILED, SKIPPED } state;

void eng_test_register(struct eng_test_case *c)
{
    *last_link = c;
    last_link = &c->next;
}

void eng_test_fail(const char *file, int line, const char *what)
{
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, what);
}

void eng_test_fail_equal(const char *file, int line, const char *left, const char *right,
                         long long left_value, long long right_value)
{
    state = FAILED;
    fprintf(stderr, "%s:%d: CHECK_EQ(%s, %s) failed: %lld is not %lld\n", file, line, left, right,
            left_value, right_value);
}

void eng_test_skip(const char *why)
{
    state = SKIPPED;
    fprintf(stderr, "skipped: %s\n", why);
}

/* Prints <file without leading ./ or out/ and without extension>::<name>. */
static void print_name(FILE *to, const struct eng_test_case *c)
{
    const char *file = c->file;
    if (strncmp(file, "./", 2) == 0)
        file += 2;
    if (strncmp(file, "out/", 4) == 0)
        file += 4;
    const char *dot = strrchr(file, '.');
    const char *slash = strrchr(file, '/');
    int length = dot && (!slash || dot > slash) ? (int)(dot - file) : (int)strlen(file);
    fprintf(to, "%.*s::%s", length, file, c->name);
}

static int has_name(const struct eng_test_case *c, const char *name)
{
    char own[4096];
    FILE *f = fmemopen(own, sizeof own, "w");
    if (!f)
        return 0;
    print_name(f, c);
    fclose(f);
    return strcmp(own, name) == 0;
}

/* True if the index is in a list like 0,3,5-7. */
static int is_listed(const char *list, long index)
{
    while (*list) {
        char *end;
        long from = strtol(list, &end, 10), to = from;
        if (end == list)
            return 0;
        if (*end == '-')
            to = strtol(end + 1, &end, 10);
        if (from <= index && index <= to)
            return 1;
        list = *end == ',' ? end + 1 : end;
        if (*end && *end != ',')
            return 0;
    }
    return 0;
}

static void report(FILE *to, const char *word, const struct eng_test_case *c)
{
    if (!to)
        return;
    fprintf(to, "%s ", word);
    print_name(to, c);
    fputc('\n', to);
    fflush(to);
}

static int run(struct eng_test_case *c, FILE *to)
{
    static const char *words[] = {"ok", "not ok", "skip"};
    state = PASSED;
    report(to, "start", c);
    c->body();
    fflush(stdout);
    fflush(stderr);
    report(to, words[state], c);
    return state == FAILED;
}

int main(int argc, char **argv)
{
    const char *name = NULL, *indices = NULL;
    FILE *to = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            for (struct eng_test_case *c = first_case; c; c = c->next) {
                print_name(stdout, c);
                putchar('\n');
            }
            return fflush(stdout) != 0;
        }
        if (i + 1 < argc && strcmp(argv[i], "--name") == 0)
            name = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--index") == 0)
            indices = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--report") == 0) {
            to = fopen(argv[++i], "w");
            if (!to) {
                perror(argv[i]);
                return 2;
            }
        }
    }
    int failed = 0, found = 0;
    long index = 0;
    for (struct eng_test_case *c = first_case; c; c = c->next, index++) {
        if ((name && !has_name(c, name)) || (indices && !is_listed(indices, index)))
            continue;
        found++;
        failed += run(c, to);
    }
    if (!found && (name || indices)) {
        fprintf(stderr, "no case has this name or index: %s\n", name ? name : indices);
        return 2;
    }
    return failed != 0;
}
