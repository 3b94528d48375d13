/* Test cases in C11 and C++11 or later, for eng's protocol `eng`.
 *
 *     #include <eng_test.h>
 *
 *     TEST(adds) {
 *         CHECK(1 + 1 == 2);
 *         CHECK_EQ(1 + 1, 2);
 *     }
 *
 *     TEST_EACH(is_its_own_square, int, value, 0, 1) {
 *         CHECK_EQ(value * value, value);
 *     }
 *
 *     SETUP { .. }       before each case of this file
 *     TEARDOWN { .. }    after each, also if a check of it failed
 *
 * A file needs no main. A case is named <file without its extension>::<name>, those of TEST_EACH
 * <file without its extension>::<name>/0 and so on.
 *
 * A check that fails leaves the case from wherever it stands, so that it may be in a function that
 * the case calls: in C by longjmp, in C++ by an exception, so that destructors run. Without
 * exceptions, and from a function in C that C++ calls, it is longjmp in C++, too. In a thread that
 * the case started a failed check aborts the program, since it cannot leave the case from there.
 */
#ifndef ENG_TEST_H
#define ENG_TEST_H

#include <stddef.h>

#ifdef __cplusplus
#include <exception>
#include <type_traits>
extern "C" {
#endif

/* One for each unit of compilation; in the order of their numbers units are listed. */
struct eng_test_unit {
    unsigned number;
};

enum eng_test_kind { ENG_TEST_CASE, ENG_TEST_SETUP, ENG_TEST_TEARDOWN };

/* What a macro of this header announces. */
struct eng_test_entry {
    enum eng_test_kind kind;
    const char *name;
    const char *file;
    /* Place in its unit, where __COUNTER__ grows from line to line. */
    unsigned place;
    /* How many values the case is run with; 0 if it takes none. */
    size_t values;
    void (*body)(size_t at);
    /* Calls the body so that nothing is thrown out of it; null if it throws nothing. */
    void (*call)(void (*body)(size_t at), size_t at);
    struct eng_test_unit *unit;
    struct eng_test_entry *next;
};

/* A number or an address. */
struct eng_test_value {
    enum { ENG_TEST_SIGNED, ENG_TEST_UNSIGNED, ENG_TEST_REAL, ENG_TEST_ADDRESS } kind;
    /* Of what is not real, as it is kept. */
    unsigned long long bits;
    /* The number itself. */
    long double real;
};

struct eng_test_value eng_test_signed(long long value);
struct eng_test_value eng_test_unsigned(unsigned long long value);
struct eng_test_value eng_test_real(long double value);
struct eng_test_value eng_test_address(const volatile void *value);

void eng_test_add(struct eng_test_entry *entry);
/* These mark the case, tell why, and return. */
void eng_test_fail(const char *file, int line, const char *what);
void eng_test_skip(const char *why);
void eng_test_unequal(const char *file, int line, const char *left_text, const char *right_text);
void eng_test_threw(const char *what);
/* These give 0 and mark the case unless both are equal. */
int eng_test_equal(const char *file, int line, const char *left_text, const char *right_text,
                   struct eng_test_value left, struct eng_test_value right);
int eng_test_text_equal(const char *file, int line, const char *left_text,
                        const char *right_text, const char *left, const char *right);
/* Says whether what calls the case catches. */
void eng_test_catches(int catches);
int eng_test_may_throw(void);
__attribute__((noreturn)) void eng_test_jump(void);

#ifdef __cplusplus
}
#endif

static struct eng_test_unit eng_test_unit __attribute__((unused));

#if defined(__cplusplus) && defined(__EXCEPTIONS)
#define ENG_TEST_CALL eng_test_call
struct eng_test_left {};

__attribute__((noreturn)) static inline void eng_test_leave()
{
    if (eng_test_may_throw())
        throw eng_test_left();
    eng_test_jump();
}

static inline void eng_test_call(void (*body)(size_t at), size_t at)
{
    eng_test_catches(1);
    try {
        body(at);
    } catch (const eng_test_left &) {
    } catch (const std::exception &thrown) {
        eng_test_threw(thrown.what());
    } catch (...) {
        eng_test_threw("something that is no std::exception");
    }
    eng_test_catches(0);
}
#else
#define ENG_TEST_CALL 0
#define eng_test_leave eng_test_jump
#endif

/* A constructor announces the entry to the dispatcher before main runs. Names of equal cases differ
 * by the counter, since several files may be compiled as one unit. */
#define ENG_TEST_ENTRY(kind, text, symbol, place, values)                                \
    static struct eng_test_entry symbol##place##_entry = {                               \
        kind, text, __FILE__, place, values, symbol##place, ENG_TEST_CALL,               \
        &eng_test_unit, 0};                                                              \
    __attribute__((constructor)) static void symbol##place##_add(void)                   \
    {                                                                                    \
        eng_test_add(&symbol##place##_entry);                                            \
    }

#define ENG_TEST_PLAIN(kind, text, symbol, place) ENG_TEST_PLAIN_(kind, text, symbol, place)
#define ENG_TEST_PLAIN_(kind, text, symbol, place)                                       \
    static void symbol##place(size_t eng_test_at);                                       \
    ENG_TEST_ENTRY(kind, text, symbol, place, 0)                                         \
    static void symbol##place(__attribute__((unused)) size_t eng_test_at)

#define ENG_TEST_EACH(text, symbol, place, type, parameter, ...)                         \
    ENG_TEST_EACH_(text, symbol, place, type, parameter, __VA_ARGS__)
#define ENG_TEST_EACH_(text, symbol, place, type, parameter, ...)                        \
    static void symbol##place##_body(type parameter);                                    \
    static type const symbol##place##_values[] = {__VA_ARGS__};                          \
    static void symbol##place(size_t at)                                                 \
    {                                                                                    \
        symbol##place##_body(symbol##place##_values[at]);                                \
    }                                                                                    \
    ENG_TEST_ENTRY(ENG_TEST_CASE, text, symbol, place,                                   \
                   sizeof symbol##place##_values / sizeof symbol##place##_values[0])     \
    static void symbol##place##_body(type parameter)

/* Defines a case. */
#define TEST(case_name)                                                                  \
    ENG_TEST_PLAIN(ENG_TEST_CASE, #case_name, eng_test_##case_name##_, __COUNTER__)

/* Defines a case for each value, which its body finds in the parameter. A type whose name has a
 * comma or ends in brackets needs a typedef. */
#define TEST_EACH(case_name, type, parameter, ...)                                       \
    ENG_TEST_EACH(#case_name, eng_test_##case_name##_, __COUNTER__, type, parameter, __VA_ARGS__)

/* What is done before and after each case of the file. If a setup fails or skips, the case is
 * left out; the teardowns run in any case, the last first. */
#define SETUP ENG_TEST_PLAIN(ENG_TEST_SETUP, "SETUP", eng_test_setup_, __COUNTER__)
#define TEARDOWN ENG_TEST_PLAIN(ENG_TEST_TEARDOWN, "TEARDOWN", eng_test_teardown_, __COUNTER__)

/* Fails the case and leaves it unless the condition holds. */
#define CHECK(...)                                                                       \
    do {                                                                                 \
        if (!(__VA_ARGS__)) {                                                            \
            eng_test_fail(__FILE__, __LINE__, #__VA_ARGS__);                             \
            eng_test_leave();                                                            \
        }                                                                                \
    } while (0)

/* Leaves the case and reports it as skipped. */
#define SKIP(why)                                                                        \
    do {                                                                                 \
        eng_test_skip(why);                                                              \
        eng_test_leave();                                                                \
    } while (0)

/* Fails the case and leaves it unless two numbers or two addresses are equal; tells both. Numbers
 * are compared by what they are, whatever their types: -1 equals no unsigned number. In C++ what is
 * no number is compared by its own ==, and not told. */
#ifdef __cplusplus
#define CHECK_EQ(left, right)                                                            \
    do {                                                                                 \
        if (!eng_test_equal_any(__FILE__, __LINE__, #left, #right, left, right))         \
            eng_test_leave();                                                            \
    } while (0)
#else
#define CHECK_EQ(left, right)                                                            \
    do {                                                                                 \
        /* The choice between equals turns a bit-field into a plain number. */           \
        __extension__ __auto_type eng_test_left = 1 ? (left) : (left);                   \
        __extension__ __auto_type eng_test_right = 1 ? (right) : (right);                \
        _Static_assert(                                                                  \
            !ENG_TEST_IS_TEXT(eng_test_left) || !ENG_TEST_IS_TEXT(eng_test_right),       \
            "CHECK_EQ would compare addresses; CHECK_STR_EQ compares texts");            \
        if (!eng_test_equal(__FILE__, __LINE__, #left, #right,                           \
                            ENG_TEST_VALUE(eng_test_left),                               \
                            ENG_TEST_VALUE(eng_test_right)))                             \
            eng_test_leave();                                                            \
    } while (0)
#define ENG_TEST_IS_TEXT(value) _Generic((value), char *: 1, const char *: 1, default: 0)
#define ENG_TEST_VALUE(value)                                                            \
    _Generic((value),                                                                    \
        int: eng_test_signed,                                                            \
        long: eng_test_signed,                                                           \
        long long: eng_test_signed,                                                      \
        unsigned: eng_test_unsigned,                                                     \
        unsigned long: eng_test_unsigned,                                                \
        unsigned long long: eng_test_unsigned,                                           \
        float: eng_test_real,                                                            \
        double: eng_test_real,                                                           \
        long double: eng_test_real,                                                      \
        default: eng_test_address)(value)
#endif

/* Fails the case and leaves it unless two texts are equal; tells both. A null pointer equals only
 * another. In C++ also of what has c_str(). */
#ifdef __cplusplus
#define CHECK_STR_EQ(left, right)                                                        \
    do {                                                                                 \
        if (!eng_test_text_equal(__FILE__, __LINE__, #left, #right,                      \
                                 eng_test_text(left), eng_test_text(right)))             \
            eng_test_leave();                                                            \
    } while (0)
#else
#define CHECK_STR_EQ(left, right)                                                        \
    do {                                                                                 \
        if (!eng_test_text_equal(__FILE__, __LINE__, #left, #right, left, right))        \
            eng_test_leave();                                                            \
    } while (0)
#endif

#ifdef __cplusplus
static inline const char *eng_test_text(const char *text)
{
    return text;
}

template <class T>
static inline auto eng_test_text(const T &text) -> decltype(text.c_str())
{
    return text.c_str();
}

/* Enumerations without a scope count as numbers. */
template <class T>
struct eng_test_is_number
    : std::integral_constant<bool, std::is_arithmetic<T>::value ||
                                       (std::is_enum<T>::value &&
                                        std::is_convertible<T, long long>::value)> {};

template <class T>
struct eng_test_is_text
    : std::integral_constant<
          bool, std::is_same<typename std::decay<T>::type, char *>::value ||
                    std::is_same<typename std::decay<T>::type, const char *>::value> {};

template <class T>
static inline struct eng_test_value eng_test_number(const T &value)
{
    /* Adding makes an enumeration what it is kept in. */
    typedef decltype(value + 0) type;
    if (std::is_floating_point<type>::value)
        return eng_test_real(static_cast<long double>(value));
    if (std::is_signed<type>::value)
        return eng_test_signed(static_cast<long long>(value));
    return eng_test_unsigned(static_cast<unsigned long long>(value));
}

template <class A, class B>
static inline
    typename std::enable_if<eng_test_is_number<A>::value && eng_test_is_number<B>::value, bool>::type
    eng_test_equal_any(const char *file, int line, const char *left_text, const char *right_text,
                       const A &left, const B &right)
{
    return eng_test_equal(file, line, left_text, right_text, eng_test_number(left),
                          eng_test_number(right));
}

template <class A, class B>
static inline typename std::enable_if<
    !(eng_test_is_number<A>::value && eng_test_is_number<B>::value), bool>::type
eng_test_equal_any(const char *file, int line, const char *left_text, const char *right_text,
                   const A &left, const B &right)
{
    static_assert(!eng_test_is_text<A>::value || !eng_test_is_text<B>::value,
                  "CHECK_EQ would compare addresses; CHECK_STR_EQ compares texts");
    if (left == right)
        return true;
    eng_test_unequal(file, line, left_text, right_text);
    return false;
}
#endif

#endif
