/* links: core_kernels core_base */
/* Eigenvectors against a closed form and against their definition. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "core/kernels/eigen.h"
#include "tests/support/check_status.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static const double PI = 3.14159265358979323846;

/* The matrix of second differences (2 on the diagonal, -1 beside it) has the eigenvalues 2 - 2 cos(k pi / (n + 1)) and
 * the eigenvectors sin(j k pi / (n + 1)), j and k from 1. */
static void test_second_differences_have_their_closed_form(void **state)
{
    (void)state;
    enum { N = 36 };
    static double matrix[N][N], values[N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) matrix[i][j] = i == j ? 2 : abs(i - j) == 1 ? -1 : 0;
    check_ok(eigen_symmetric(values, &matrix[0][0], N));
    const double length = sqrt(2.0 / (N + 1));
    for (int k = 1; k <= N; k++) {
        assert_near(values[k - 1], 2 - 2 * cos(k * PI / (N + 1)), 1e-13);
        double expected[N], largest = 0, sign = 0;
        for (int j = 0; j < N; j++) {
            expected[j] = length * sin((j + 1) * k * PI / (N + 1));
            largest = fmax(largest, fabs(expected[j]));
        }
        for (int j = 0; j < N && sign == 0; j++)
            if (fabs(expected[j]) >= largest / 2) sign = expected[j] < 0 ? -1 : 1;
        for (int j = 0; j < N; j++) assert_near(matrix[k - 1][j], sign * expected[j], 1e-12);
    }
}

static void check_definition(int n, uint32_t seed)
{
    double *a = calloc((size_t)n * (size_t)n, sizeof *a), *vectors = calloc((size_t)n * (size_t)n, sizeof *vectors);
    double *values = calloc((size_t)n, sizeof *values);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double x = sin(1 + seed + 12.9898 * i + 78.233 * j + 0.37 * i * j);
            a[i * n + j] = a[j * n + i] = vectors[i * n + j] = vectors[j * n + i] = x;
        }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) vectors[i * n + j] = NAN; /* only the upper triangle is read */
    check_ok(eigen_symmetric(values, vectors, n));
    for (int k = 0; k < n; k++) {
        if (k > 0) assert_true(values[k - 1] <= values[k]);
        for (int i = 0; i < n; i++) {
            double product = 0, inner = 0;
            for (int j = 0; j < n; j++) {
                product += a[i * n + j] * vectors[k * n + j];
                inner += vectors[i * n + j] * vectors[k * n + j];
            }
            assert_near(product, values[k] * vectors[k * n + i], 1e-12 * n);
            assert_near(inner, i == k ? 1 : 0, 1e-12);
        }
    }
    free(a);
    free(vectors);
    free(values);
}

static void test_any_symmetric_matrix_fulfils_the_definition(void **state)
{
    (void)state;
    check_definition(1, 0);
    check_definition(2, 1);
    check_definition(27, 2);
    check_definition(130, 3); /* LAPACK works in blocks from here on */
}

static void test_a_value_that_is_not_finite_is_refused(void **state)
{
    (void)state;
    double values[2], matrix[2][2] = {{1, INFINITY}, {INFINITY, 1}};
    status s = eigen_symmetric(values, &matrix[0][0], 2);
    check_says(s, "not finite: row 0, column 1");
    assert_int_equal(s.code, STATUS_NUMERIC);
    double nan[2][2] = {{1, 0}, {0, NAN}};
    check_says(eigen_symmetric(values, &nan[0][0], 2), "row 1, column 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_differences_have_their_closed_form),
        cmocka_unit_test(test_any_symmetric_matrix_fulfils_the_definition),
        cmocka_unit_test(test_a_value_that_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
