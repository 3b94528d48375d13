/* Test cases in C and C++ for eng's protocol `eng`.
 *
 *     #include <eng_test.h>
 *
 *     TEST(adds) {
 *         CHECK(1 + 1 == 2);
 *         CHECK_EQ(1 + 1, 2);
 *     }
 *
 * A file needs no main. A case is named <file without its extension>::<name>.
 */
#ifndef ENG_TEST_H
#define ENG_TEST_H

#ifdef __cplusplus
extern "C" {
#endif

struct eng_test_case {
    const char *file;
    const char *name;
    void (*body)(void);
    struct eng_test_case *next;
};

void eng_test_register(struct eng_test_case *c);
void eng_test_fail(const char *file, int line, const char *what);
void eng_test_fail_equal(const char *file, int line, const char *left, const char *right,
                         long long left_value, long long right_value);
void eng_test_skip(const char *why);

#ifdef __cplusplus
}
#endif

/* Defines a case. A constructor announces it to the dispatcher before main runs. */
#define TEST(case_name)                                                                  \
    static void eng_test_body_##case_name(void);                                         \
    static struct eng_test_case eng_test_case_##case_name = {                            \
        __FILE__, #case_name, eng_test_body_##case_name, 0};                             \
    __attribute__((constructor)) static void eng_test_announce_##case_name(void)         \
    {                                                                                    \
        eng_test_register(&eng_test_case_##case_name);                                   \
    }                                                                                    \
    static void eng_test_body_##case_name(void)

/* Fails the case and leaves it unless the condition holds. */
#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            eng_test_fail(__FILE__, __LINE__, #condition);                               \
            return;                                                                      \
        }                                                                                \
    } while (0)

/* Fails the case and leaves it unless two whole numbers are equal; tells both. */
#define CHECK_EQ(left, right)                                                            \
    do {                                                                                 \
        long long eng_left = (long long)(left), eng_right = (long long)(right);          \
        if (eng_left != eng_right) {                                                     \
            eng_test_fail_equal(__FILE__, __LINE__, #left, #right, eng_left, eng_right); \
            return;                                                                      \
        }                                                                                \
    } while (0)

/* Leaves the case and reports it as skipped. */
#define SKIP(why)                                                                        \
    do {                                                                                 \
        eng_test_skip(why);                                                              \
        return;                                                                          \
    } while (0)

#endif
