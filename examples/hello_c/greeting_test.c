#include "greeting.h"

#include <string.h>

int main(void)
{
    char text[100];
    greet(text, sizeof text, "eng");
    return strcmp(text, "Hello, eng!") != 0;
}
