// A program that will not end, in as many ways as there are kinds: `wont_die KIND MARK`.
// The mark is only there to be found among the arguments of whatever is left of it.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void sleep_on(void) {
    for (;;) pause();
}

static void *spin(void *nothing) {
    (void)nothing;
    for (volatile unsigned long turn = 0;; turn++) {}
    return NULL;
}

static void ignore_all(void) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
}

static void daemon_of(void (*life)(void)) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) life();
        _exit(0);
    }
}

// Forgets all by which it could be known.
static void hide(char **arguments) {
    if (getenv("WONT_DIE") == NULL) sleep_on();
    char *none[] = {NULL};
    for (int fd = 0; fd < 64; fd++) close(fd);
    if (chdir("/") == 0) execve("/proc/self/exe", arguments, none);
    _exit(1);
}

// Lives on only in its children, each in a session of its own.
static void run_on(void) {
    for (;;) {
        if (fork() != 0) _exit(0);
        setsid();
    }
}

int main(int count, char **arguments) {
    const char *kind = count > 1 ? arguments[1] : "";
    printf("%s\n", kind);
    fflush(stdout);
    if (!strcmp(kind, "hidden")) {
        if (getenv("WONT_DIE") == NULL) sleep_on();
        if (fork() == 0) {
            setsid();
            if (fork() == 0) hide(arguments);
            _exit(0);
        }
        sleep_on();
    }
    if (!strcmp(kind, "no_term")) signal(SIGTERM, SIG_IGN), sleep_on();
    if (!strcmp(kind, "no_signal")) ignore_all(), sleep_on();
    if (!strcmp(kind, "busy")) spin(NULL);
    if (!strcmp(kind, "sleeping")) sleep_on();
    if (!strcmp(kind, "children")) {
        for (int turn = 0; turn < 5; turn++) {
            if (fork() == 0) ignore_all(), sleep_on();
        }
        sleep_on();
    }
    if (!strcmp(kind, "session")) {
        if (fork() == 0) setsid(), ignore_all(), sleep_on();
        sleep_on();
    }
    if (!strcmp(kind, "daemon")) daemon_of(sleep_on), sleep_on();
    if (!strcmp(kind, "stopped")) {
        if (fork() == 0) raise(SIGSTOP), sleep_on();
        raise(SIGSTOP), sleep_on();
    }
    if (!strcmp(kind, "output")) {
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            for (;;) puts("still here"), fflush(stdout), usleep(20000);
        }
        sleep_on();
    }
    if (!strcmp(kind, "fifo")) {
        if (mkfifo("fifo", 0600) == 0) open("fifo", O_RDONLY);
        sleep_on();
    }
    if (!strcmp(kind, "respawning")) daemon_of(run_on), sleep_on();
    if (!strcmp(kind, "thread")) {
        pthread_t thread;
        signal(SIGTERM, SIG_IGN);
        pthread_create(&thread, NULL, spin, NULL);
        pthread_exit(NULL);
    }
    if (!strcmp(kind, "input")) {
        int ends[2];
        char byte;
        signal(SIGTERM, SIG_IGN);
        if (pipe(ends) == 0 && read(ends[0], &byte, 1) == 0) return 1;
        sleep_on();
    }
    // These end by themselves, in time and well.
    if (!strcmp(kind, "grandchild")) daemon_of(sleep_on);
    if (!strcmp(kind, "orphans")) daemon_of(run_on), usleep(50000);
    return 0;
}
