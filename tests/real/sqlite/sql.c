#include "sqlite3.h"
#include <eng_test.h>
#include <stdlib.h>
#include <string.h>

/* The rows that statements give, each column with a space behind it. */
static int add(void *into, int columns, char **values, char **names)
{
    (void)names;
    for (int at = 0; at < columns; at++) {
        strcat(strcat(into, values[at] ? values[at] : "NULL"), " ");
    }
    return 0;
}

static const char *query(const char *text)
{
    static char rows[4096];
    sqlite3 *base;
    char *why = NULL;
    rows[0] = 0;
    CHECK_EQ(sqlite3_open(getenv("BASE") ? getenv("BASE") : ":memory:", &base), SQLITE_OK);
    if (sqlite3_exec(base, text, add, rows, &why) != SQLITE_OK) {
        strcat(rows, why);
        sqlite3_free(why);
    }
    CHECK_EQ(sqlite3_close(base), SQLITE_OK);
    return rows;
}

TEST(joins_and_groups)
{
    CHECK_STR_EQ(query("CREATE TABLE a(x, y); INSERT INTO a VALUES (1, 'one'), (2, 'two'), (2, 'zwei');"
                       "SELECT x, count(*), group_concat(y) FROM a GROUP BY x ORDER BY x;"),
                 "1 1 one 2 2 two,zwei ");
}

TEST(recursion_counts_primes)
{
    CHECK_STR_EQ(query("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
                       "SELECT count(*) FROM n WHERE NOT EXISTS (SELECT 1 FROM n AS m WHERE m.i < n.i AND n.i % m.i = 0);"),
                 "25 ");
}

TEST(text_is_searched)
{
    CHECK_STR_EQ(query("CREATE VIRTUAL TABLE t USING fts5(text); INSERT INTO t VALUES ('a cached result'), ('a wrong one');"
                       "SELECT rowid FROM t WHERE t MATCH 'cached';"),
                 "1 ");
}

TEST(functions_of_mathematics_are_there)
{
    CHECK_STR_EQ(query("SELECT round(sqrt(2), 3), round(pi(), 2);"), "1.414 3.14 ");
}

TEST(transactions_are_rolled_back)
{
    CHECK_STR_EQ(query("CREATE TABLE a(x); BEGIN; INSERT INTO a VALUES (1); ROLLBACK; SELECT count(*) FROM a;"), "0 ");
}

TEST(mistakes_are_told)
{
    CHECK_STR_EQ(query("SELEC 1;"), "near \"SELEC\": syntax error");
}
