/* A compiler: turns the script that its first argument names into the chunk that its second
   argument names, without what only helps to debug. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>

static int to_file(lua_State *state, const void *bytes, size_t size, void *file)
{
    (void)state;
    return size != 0 && fwrite(bytes, size, 1, file) != 1;
}

int main(int argc, char **argv)
{
    lua_State *state = luaL_newstate();
    if (state == NULL || argc != 3) {
        fprintf(stderr, "usage: luac SCRIPT CHUNK\n");
        return 2;
    }
    if (luaL_loadfile(state, argv[1]) != LUA_OK) {
        fprintf(stderr, "luac: %s\n", lua_tostring(state, -1));
        return 1;
    }
    FILE *file = fopen(argv[2], "wb");
    int failed = file == NULL || lua_dump(state, to_file, file, 1) != 0;
    failed |= file != NULL && fclose(file) != 0;
    lua_close(state);
    return failed;
}
