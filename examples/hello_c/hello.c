#include "greeting.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    char text[100];
    greet(text, sizeof text, argc > 1 ? argv[1] : "");
    return puts(text) < 0;
}
