// Prints in which state a test process starts.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdlib.h>

static int has_locale(void) {
    return getenv("LANG") || getenv("LANGUAGE") || getenv("LC_ALL") || getenv("LC_CTYPE");
}

int main(int count, char **arguments) {
    char text[4096], byte;
    printf("arguments: %d, the first is %s\n", count, arguments[0]);
    printf("folder: %s\n", getcwd(text, sizeof text) ? strrchr(text, '/') + 1 : "none");
    printf("input: %d bytes\n", (int)read(0, &byte, 1));
    mode_t mask = umask(0);
    printf("mask of new files: %03o\n", (unsigned)mask);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        sigset_t blocked;
        if (sigaction(number, NULL, &action) != 0) continue;
        sigprocmask(SIG_SETMASK, NULL, &blocked);
        if (action.sa_handler == SIG_IGN) printf("signal %d is ignored\n", number);
        if (sigismember(&blocked, number)) printf("signal %d is blocked\n", number);
    }
    for (int number = 0; number < 200; number++) {
        if (fcntl(number, F_GETFD) != -1) printf("descriptor %d is open\n", number);
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("open files: %s\n", limit.rlim_cur >= 1024 ? "1024 at least" : "too few");
    getrlimit(RLIMIT_STACK, &limit);
    printf("stack: %s\n", limit.rlim_cur >= 2 << 20 ? "2 MiB at least" : "too small");
    printf("leads its group: %s\n", getpgrp() == getpid() ? "yes" : "no");
    printf("locale: %s\n", has_locale() ? "set" : "not set");
    return 0;
}
