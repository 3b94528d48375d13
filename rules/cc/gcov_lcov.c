// Prints as lcov what gcov makes of the notes (.gcno) below the working directory and of the data
// (.gcda) that stand at the same paths below `raw/`. Without data nothing of a file was executed.
//
//     gcov_lcov GCOV
#define _GNU_SOURCE
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RAW "raw"
// So many notes are given to one gcov.
#define AT_ONCE 200

static void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void *room(void *old, size_t size) {
    void *res = realloc(old, size);
    if (!res) die("no memory is left");
    return res;
}

// ---- files ----

typedef struct {
    char **all;
    size_t count;
} List;

static void push(List *list, char *text) {
    if ((list->count & (list->count - 1)) == 0) {
        size_t most = list->count ? list->count * 2 : 1;
        list->all = room(list->all, most * sizeof *list->all);
    }
    list->all[list->count++] = text;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), own = strlen(end);
    return length > own && strcmp(text + length - own, end) == 0;
}

// Adds all notes below a folder.
static void find(const char *folder, List *notes) {
    DIR *dir = opendir(folder);
    if (!dir) die("cannot look into %s", folder);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        int top = strcmp(folder, ".") == 0;
        if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
        if (top && strcmp(name, RAW) == 0) continue;
        char *path;
        if (asprintf(&path, "%s%s%s", top ? "" : folder, top ? "" : "/", name) < 0) die("no memory is left");
        struct stat meta;
        if (lstat(path, &meta) == 0 && S_ISDIR(meta.st_mode)) find(path, notes);
        if (ends_with(name, ".gcno")) push(notes, path);
        else free(path);
    }
    closedir(dir);
}

// Puts the data of some notes beside them.
static void place_data(const char *notes) {
    size_t stem = strlen(notes) - strlen(".gcno");
    char *from, *to;
    if (asprintf(&from, RAW "/%.*s.gcda", (int)stem, notes) < 0) die("no memory is left");
    if (asprintf(&to, "%.*s.gcda", (int)stem, notes) < 0) die("no memory is left");
    char *real = realpath(from, NULL);
    if (real && symlink(real, to) != 0) die("cannot link %s to %s", to, real);
    free(real);
    free(from);
    free(to);
}

// ---- JSON, of which only a walk is needed ----

static const char *at;

static void blank(void) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
}

static int take(char wanted) {
    blank();
    if (*at != wanted) return 0;
    at++;
    return 1;
}

static void expect(char wanted) {
    if (!take(wanted)) die("gcov printed no JSON: '%c' was expected at '%.40s'", wanted, at);
}

static unsigned hex(void) {
    unsigned res = 0;
    for (int i = 0; i < 4; i++, at++) {
        char c = *at;
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0) die("gcov printed no JSON: four digits were expected at '%.40s'", at);
        res = res * 16 + (unsigned)digit;
    }
    return res;
}

// A text, to be freed.
static char *text(void) {
    expect('"');
    size_t length = 0, most = 32;
    char *res = room(NULL, most);
    while (*at != '"') {
        if (!*at) die("gcov printed no JSON: it ends inside of a text");
        if (length + 5 > most) res = room(res, most *= 2);
        if (*at != '\\') {
            res[length++] = *at++;
            continue;
        }
        at++;
        char c = *at++;
        if (c == 'u') {
            unsigned code = hex();
            if (code >= 0xd800 && code < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
                at += 2;
                code = 0x10000 + ((code - 0xd800) << 10) + (hex() & 0x3ff);
            }
            if (code < 0x80) {
                res[length++] = (char)code;
            } else if (code < 0x800) {
                res[length++] = (char)(0xc0 | code >> 6);
                res[length++] = (char)(0x80 | (code & 0x3f));
            } else if (code < 0x10000) {
                res[length++] = (char)(0xe0 | code >> 12);
                res[length++] = (char)(0x80 | (code >> 6 & 0x3f));
                res[length++] = (char)(0x80 | (code & 0x3f));
            } else {
                res[length++] = (char)(0xf0 | code >> 18);
                res[length++] = (char)(0x80 | (code >> 12 & 0x3f));
                res[length++] = (char)(0x80 | (code >> 6 & 0x3f));
                res[length++] = (char)(0x80 | (code & 0x3f));
            }
        } else {
            static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
            const char *known = c ? strchr(from, c) : NULL;
            res[length++] = known ? to[known - from] : c;
        }
    }
    at++;
    res[length] = 0;
    return res;
}

static double number(void) {
    blank();
    char *end;
    double res = strtod(at, &end);
    if (end == at) die("gcov printed no JSON: a number was expected at '%.40s'", at);
    at = end;
    return res;
}

static void skip(void) {
    blank();
    if (*at == '"') {
        free(text());
    } else if (*at == '{' || *at == '[') {
        char close = *at == '{' ? '}' : ']';
        int object = close == '}';
        at++;
        if (take(close)) return;
        do {
            if (object) {
                free(text());
                expect(':');
            }
            skip();
        } while (take(','));
        expect(close);
    } else {
        while (*at && !strchr(",]} \n\r\t", *at)) at++;
    }
}

// Calls `field` with the name of each field of an object, standing at its value.
static void object(void (*field)(const char *name)) {
    expect('{');
    if (take('}')) return;
    do {
        char *name = text();
        expect(':');
        field(name);
        free(name);
    } while (take(','));
    expect('}');
}

static void array(void (*item)(void)) {
    expect('[');
    if (take(']')) return;
    do item();
    while (take(','));
    expect(']');
}

// ---- what gcov prints ----

static char *path, *function;
static double line, count;
// Lines wait until the file is known.
static char *body;
static size_t body_size;
static FILE *out;

static void of_function(const char *name) {
    if (strcmp(name, "demangled_name") == 0) {
        free(function);
        function = text();
    } else if (strcmp(name, "start_line") == 0) {
        line = number();
    } else if (strcmp(name, "execution_count") == 0) {
        count = number();
    } else {
        skip();
    }
}

static void one_function(void) {
    line = count = 0;
    object(of_function);
    if (!function) return;
    fprintf(out, "FN:%.0f,%s\nFNDA:%.0f,%s\n", line, function, count, function);
    free(function);
    function = NULL;
}

static void of_line(const char *name) {
    if (strcmp(name, "line_number") == 0) line = number();
    else if (strcmp(name, "count") == 0) count = number();
    else skip();
}

static void one_line(void) {
    line = count = 0;
    object(of_line);
    fprintf(out, "DA:%.0f,%.0f\n", line, count);
}

static void of_file(const char *name) {
    if (strcmp(name, "file") == 0) {
        free(path);
        path = text();
    } else if (strcmp(name, "functions") == 0) {
        array(one_function);
    } else if (strcmp(name, "lines") == 0) {
        array(one_line);
    } else {
        skip();
    }
}

static void one_file(void) {
    out = open_memstream(&body, &body_size);
    if (!out) die("no memory is left");
    object(of_file);
    fclose(out);
    // Headers of the system are nobody's concern.
    if (path && path[0] != '/') printf("TN:\nSF:%s\n%send_of_record\n", path, body);
    free(body);
    free(path);
    path = NULL;
}

static void of_document(const char *name) {
    if (strcmp(name, "files") == 0) array(one_file);
    else skip();
}

// ---- gcov itself ----

static char *all_of(int from) {
    size_t length = 0, most = 1 << 16;
    char *res = room(NULL, most);
    for (;;) {
        if (length + 1 >= most) res = room(res, most *= 2);
        ssize_t got = read(from, res + length, most - length - 1);
        if (got < 0) die("cannot read what gcov prints");
        if (got == 0) break;
        length += (size_t)got;
    }
    res[length] = 0;
    return res;
}

static void run(char *gcov, char **notes, size_t number_of) {
    char **argv = room(NULL, (number_of + 4) * sizeof *argv);
    argv[0] = gcov;
    argv[1] = "--json-format";
    argv[2] = "--stdout";
    memcpy(argv + 3, notes, number_of * sizeof *argv);
    argv[number_of + 3] = NULL;
    int pipes[2];
    if (pipe(pipes) != 0) die("cannot make a pipe");
    // It complains about notes without data, which is nothing to complain about.
    FILE *told = tmpfile();
    if (!told) die("cannot make a temporary file");
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) die("cannot start a process");
    if (child == 0) {
        dup2(pipes[1], 1);
        dup2(fileno(told), 2);
        close(pipes[0]);
        close(pipes[1]);
        execvp(gcov, argv);
        fprintf(stderr, "cannot start %s\n", gcov);
        _exit(127);
    }
    close(pipes[1]);
    char *printed = all_of(pipes[0]);
    close(pipes[0]);
    int status;
    if (waitpid(child, &status, 0) != child) die("lost sight of gcov");
    if (status != 0) {
        rewind(told);
        char *why = all_of(fileno(told));
        die("%s failed:\n%s", gcov, why);
    }
    fclose(told);
    at = printed;
    for (blank(); *at; blank()) object(of_document);
    free(printed);
    free(argv);
}

int main(int argc, char **argv) {
    if (argc < 2) die("usage: gcov_lcov GCOV");
    List notes = {0};
    find(".", &notes);
    qsort(notes.all, notes.count, sizeof *notes.all, by_name);
    for (size_t i = 0; i < notes.count; i++) place_data(notes.all[i]);
    for (size_t i = 0; i < notes.count; i += AT_ONCE) {
        size_t left = notes.count - i;
        run(argv[1], notes.all + i, left < AT_ONCE ? left : AT_ONCE);
    }
    if (fflush(stdout) != 0) die("cannot write what was executed");
    return 0;
}
