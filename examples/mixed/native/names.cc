#include "names.h"

#include "mix.h"

#include <map>
#include <string>

const char *color_name(unsigned color)
{
    static const std::map<unsigned, std::string> known = {
        {COLOR_RED, "red"},
        {COLOR_GREEN, "lime"},
        {mix(COLOR_RED, COLOR_GREEN), "yellow"},
    };
    thread_local std::string text;
    auto found = known.find(color);
    text = found == known.end() ? "#" + std::to_string(color) : found->second;
    return text.c_str();
}
