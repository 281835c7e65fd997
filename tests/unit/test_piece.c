/* links: core_train */
/* How a shard is cut into pieces: by the size of the activations, never so small that gradients outweigh them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/net/graph/graph_build.h"
#include "core/train/piece.h"
#include "tests/support/check_status.h"

static int pieces_of(const char *path, size_t parameters, int shard_images)
{
    graph g;
    check_ok(graph_load(&g, path));
    int images = piece_images(&g, parameters, shard_images);
    graph_free(&g);
    return images;
}

static void test_pieces_of_resnet8_fit_the_cache(void **state)
{
    (void)state;
    const char *path =
        "configs/networks/resnet8.cfg"; /* 32*32*16 values in its largest tensors: 192 KiB a layer and image */
    assert_int_equal(pieces_of(path, 77360, 1), 1);
    assert_int_equal(pieces_of(path, 77360, 4), 4);
    assert_int_equal(pieces_of(path, 77360, 8), 4);
    assert_int_equal(pieces_of(path, 77360, 10), 4); /* 4, 4, 2 */
    assert_int_equal(pieces_of(path, 77360, 6), 3);
    assert_int_equal(pieces_of(path, 77360, 32), 4);
}

static void test_large_weights_keep_a_shard_whole(void **state)
{
    (void)state;
    assert_int_equal(pieces_of("configs/networks/resnet8.cfg", 500000, 8), 8);
    assert_int_equal(pieces_of("configs/networks/resnet18.cfg", 11261632, 16), 16); /* 1 MiB a tensor and image */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_resnet8_fit_the_cache),
        cmocka_unit_test(test_large_weights_keep_a_shard_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
