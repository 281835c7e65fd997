/* The picture: a gnuplot script that carries its data, so that it can be changed and drawn again by hand. */
#define _DEFAULT_SOURCE /* environ */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "results/report/report_axis.h"
#include "results/report/report_views.h"

extern char **environ;

enum { PATH_BYTES = 4200, MAX_STRATEGIES = 16, NOT_FOUND = 127 };

/* How the points of a strategy look: colour and gnuplot's point type. `fixed` has its own, always the last. */
static const struct {
    const char *colour;
    int type;
} LOOKS[] = {{"#1f5fa8", 7}, {"#2f8f4e", 5}, {"#8a4fa3", 9}, {"#b8860b", 11}, {"#008b8b", 15}};
static const char FIXED_COLOUR[] = "#d1521f", GREY[] = "#b4b4b4";
enum { LOOK_COUNT = sizeof LOOKS / sizeof LOOKS[0], FILLED_CIRCLE = 7, OPEN_DIAMOND = 12, FILLED_DIAMOND = 13 };

/* Names go into single quotes, where only the quote itself ends the text. */
static void print_name(FILE *out, const char *name)
{
    for (; *name != 0; name++) fputc(*name == '\'' || (unsigned char)*name < 0x20 ? '_' : *name, out);
}

static bool is_fixed(const report_point *p)
{
    return p->bits > 0;
}

/* The searched strategies in the order of their first point. */
static int list_strategies(const char *names[MAX_STRATEGIES], const report_data *d)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) {
        bool known = is_fixed(&d->points[i]) || count == MAX_STRATEGIES;
        for (int k = 0; k < count && !known; k++) known = strcmp(names[k], d->points[i].strategy) == 0;
        if (!known) names[count++] = d->points[i].strategy;
    }
    return count;
}

/* One data block of the points of a strategy (NULL: fixed) that are or are not on the front. Returns their number. */
static int print_block(FILE *out, const char *block, const report_data *d, const char *strategy, bool on_front)
{
    int count = 0;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        bool chosen = strategy == NULL ? is_fixed(p) : !is_fixed(p) && strcmp(p->strategy, strategy) == 0;
        if (!chosen || p->on_front != on_front || p->cost <= 0) continue;
        if (count++ == 0) fprintf(out, "$%s << EOD\n", block);
        fprintf(out, "%.8g %.6g\n", p->cost, p->accuracy);
    }
    if (count > 0) fprintf(out, "EOD\n");
    return count;
}

static void print_front_block(FILE *out, const report_data *d, const report_axis *x)
{
    double last = NAN;
    fprintf(out, "$front << EOD\n");
    for (int i = 0; i < d->count; i++) {
        if (!d->points[i].on_front || d->points[i].cost <= 0) continue;
        last = d->points[i].accuracy;
        fprintf(out, "%.8g %.6g\n", d->points[i].cost, last);
    }
    if (!isnan(last)) fprintf(out, "%.8g %.6g\n", x->high, last);
    fprintf(out, "EOD\n");
}

static void print_ticks(FILE *out, const char *which, const report_axis *a)
{
    fprintf(out, "set %s (", which);
    for (int i = 0; i < a->count; i++) fprintf(out, "%s'%.4g' %.8g", i == 0 ? "" : ", ", a->ticks[i], a->ticks[i]);
    fprintf(out, ")\n");
}

static void print_title(FILE *out, const report_data *d)
{
    fprintf(out, "set title '");
    print_name(out, d->network[0] != 0 ? d->network : "network");
    if (d->data[0] != 0) fprintf(out, " on ");
    print_name(out, d->data);
    fprintf(out, ": %s accuracy against ", d->metric);
    print_name(out, strcmp(d->column, "size_bits") == 0 ? d->cost_name : d->column); /* descriptions may be long */
    fprintf(out, "' font ',18' offset 0,0.3\n");
}

/* Fronts rise to the right, so the lower right corner is free for the legend, but not always. */
static void print_key(FILE *out, const report_data *d, const report_axis *x, const report_axis *y)
{
    const double from = 0.6, below = 0.45; /* the corner, as parts of the axes */
    bool is_free = true;
    for (int i = 0; i < d->count; i++) {
        const report_point *p = &d->points[i];
        if (p->cost > 0 && report_axis_place(x, p->cost) > from && report_axis_place(y, p->accuracy) < below)
            is_free = false;
    }
    fprintf(out, "set key %s Left reverse samplen 2.2 spacing 1.25 width -3 height 0.4 box linecolor '#c8c8c8'\n",
            is_free ? "bottom right" : "outside right top vertical");
    if (is_free) fprintf(out, "set rmargin 4\n");
}

static void print_frame(FILE *out, const report_data *d, const report_axis *x, const report_axis *y)
{
    fprintf(out, "# Drawn by bitfront; draw again with: gnuplot front.gp\n"
                 "set terminal pngcairo noenhanced size 1200,800 font 'Sans,15' linewidth 1.2\n"
                 "set output 'front.png'\n"
                 "set encoding utf8\n"
                 "set border 3 linecolor '#404040'\n"
                 "set tics nomirror textcolor '#202020'\n"
                 "set grid linetype 1 linecolor '#e4e4e4' linewidth 0.8\n"
                 "set lmargin 10\nset tmargin 3.2\nset bmargin 4.2\n");
    print_key(out, d, x, y);
    fprintf(out, "set logscale x\nset xrange [%.8g:%.8g]\nset yrange [%.8g:%.8g]\n", x->low, x->high, y->low, y->high);
    print_ticks(out, "xtics", x);
    print_ticks(out, "ytics", y);
    print_title(out, d);
    fprintf(out, "set xlabel '");
    print_name(out, d->cost_name);
    fprintf(out, " [");
    print_name(out, d->cost_unit);
    fprintf(out, "], logarithmic' offset 0,-0.2\nset ylabel '%s accuracy [%%]' offset 0.3,0\n", d->metric);
}

/* A name below and to the right of the best point of each fixed precision: the front runs above it. */
static void print_labels(FILE *out, const report_data *d)
{
    bool named[65] = {false};
    for (int i = d->count - 1; i >= 0; i--) {
        const report_point *p = &d->points[i];
        if (!is_fixed(p) || p->bits > 64 || named[p->bits] || p->cost <= 0) continue;
        fprintf(out, "set label 'w%d' at %.8g,%.6g left offset 0.9,-0.9 textcolor '%s' font ',15' front\n", p->bits,
                p->cost, p->accuracy, FIXED_COLOUR);
        named[p->bits] = true;
    }
}

typedef struct {
    int on_front, dominated;
} block_counts;

static block_counts print_blocks(FILE *out, const report_data *d, int index, const char *strategy)
{
    char front[16], rest[16];
    snprintf(front, sizeof front, "f%d", index);
    snprintf(rest, sizeof rest, "d%d", index);
    return (block_counts){print_block(out, front, d, strategy, true), print_block(out, rest, d, strategy, false)};
}

/* Grey and in the shape of their strategy; baselines keep their colour and become hollow. */
static void print_dominated(FILE *out, const block_counts *blocks, int strategies)
{
    bool any = false;
    for (int i = 0; i < strategies; i++) {
        if (blocks[i].dominated == 0) continue;
        fprintf(out, "  $d%d using 1:2 with points pointtype %d pointsize 1.7 linecolor '%s' notitle, \\\n", i,
                LOOKS[i % LOOK_COUNT].type, GREY);
        any = true;
    }
    if (blocks[strategies].dominated > 0)
        fprintf(out,
                "  $d%d using 1:2 with points pointtype %d pointsize 2.4 linewidth 2.2 linecolor '%s' notitle, \\\n",
                strategies, OPEN_DIAMOND, FIXED_COLOUR);
    if (any)
        fprintf(out, "  NaN with points pointtype %d pointsize 1.7 linecolor '%s' title 'dominated', \\\n",
                FILLED_CIRCLE, GREY);
}

/* The points on the front; the line in the legend stands for all points of the strategy. */
static void print_members(FILE *out, const char *name, int index, block_counts blocks, bool fixed)
{
    if (blocks.on_front + blocks.dominated == 0) return;
    int type = fixed ? (blocks.on_front > 0 ? FILLED_DIAMOND : OPEN_DIAMOND) : LOOKS[index % LOOK_COUNT].type;
    if (blocks.on_front > 0)
        fprintf(out, "  $f%d using 1:2", index);
    else
        fprintf(out, "  NaN");
    fprintf(out, " with points pointtype %d pointsize %s linewidth 2.2 linecolor '%s' title '", type,
            fixed ? "2.4" : "2.1", fixed ? FIXED_COLOUR : LOOKS[index % LOOK_COUNT].colour);
    print_name(out, name);
    fprintf(out, "', \\\n");
}

/* Lines, then dominated points, then the front on top. */
static void print_curves(FILE *out, const report_data *d, const report_axis *x)
{
    const char *names[MAX_STRATEGIES];
    int count = list_strategies(names, d);
    block_counts blocks[MAX_STRATEGIES + 1]; /* fixed is the last */
    print_front_block(out, d, x);
    for (int i = 0; i <= count; i++) blocks[i] = print_blocks(out, d, i, i < count ? names[i] : NULL);
    fprintf(out, "plot \\\n");
    if (!isnan(d->float_accuracy))
        fprintf(out,
                "  %.6g with lines linewidth 2 dashtype 2 linecolor '#606060' title 'float network%s: %.1f %%', \\\n",
                d->float_accuracy, d->float_count > 1 ? "s, mean" : "", d->float_accuracy);
    fprintf(out, "  $front using 1:2 with steps linewidth 2.6 linecolor '#1c2f4a' title 'Pareto front', \\\n");
    for (int i = 0; i < count; i++) print_members(out, names[i], i, blocks[i], false);
    print_members(out, "fixed precision", count, blocks[count], true);
    print_dominated(out, blocks, count);
    fprintf(out, "  NaN notitle\n"); /* ends the list after its last comma */
}

static status write_script(const char *path, const report_data *d)
{
    report_axis x, y;
    if (!report_ranges(&x, &y, d)) return status_fail(STATUS_DATA, "no point has a cost above 0: nothing to draw");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return status_fail(STATUS_MEMORY, "no memory for %s", path);
    print_frame(out, d, &x, &y);
    print_labels(out, d);
    print_curves(out, d, &x);
    bool bad = fclose(out) != 0;
    status result = bad ? status_fail(STATUS_MEMORY, "no memory for %s", path) : file_write_text(path, text);
    free(text);
    return result;
}

/* The environment without what changes gnuplot: its libraries, drivers, fonts and terminal are its own. NULL: no
 * memory. The caller frees the list, not the strings. */
static char **own_environment(void)
{
    static const char *const foreign[] = {"GNU", "FIT_", "GDFONTPATH=", "PAGER=", "DISPLAY="};
    size_t count = 0, kept = 0;
    while (environ[count] != NULL) count++;
    char **list = malloc((count + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i < count; i++) {
        bool good = true;
        for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++)
            good = good && strncmp(environ[i], foreign[k], strlen(foreign[k])) != 0;
        if (good) list[kept++] = environ[i];
    }
    if (list != NULL) list[kept] = NULL;
    return list;
}

/* In the child: gnuplot in that directory, without start-up files (-d), its messages into the pipe. Only calls that are
 * safe after fork. */
static void become_gnuplot(const char *directory, char **environment, int messages)
{
    int nothing = open("/dev/null", O_RDWR);
    environ = environment;
    if (chdir(directory) == 0 && nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(messages, 1) >= 0 &&
        dup2(messages, 2) >= 0)
        execlp("gnuplot", "gnuplot", "-d", "front.gp", (char *)NULL);
    _exit(NOT_FOUND);
}

/* Collects what gnuplot says (the end of it is dropped) until it closes its side. */
static void read_messages(char *out, size_t room, int from)
{
    size_t used = 0;
    char block[512];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0) continue;
        size_t take = room - 1 - used < (size_t)got ? room - 1 - used : (size_t)got;
        memcpy(out + used, block, take);
        used += take;
    }
    out[used] = 0;
    for (size_t i = 0; i < used; i++)
        if (out[i] == '\n' || out[i] == '\t') out[i] = ' ';
    text_printable(out);
}

static status run_gnuplot(bool *made, const char *directory)
{
    int ends[2];
    char **environment = own_environment();
    if (environment == NULL) return status_fail(STATUS_MEMORY, "no memory to start gnuplot");
    if (pipe(ends) != 0) {
        free(environment);
        return status_fail(STATUS_IO, "cannot start gnuplot: %s", strerror(errno));
    }
    pid_t child = fork();
    if (child == 0) become_gnuplot(directory, environment, ends[1]);
    int why = errno;
    free(environment);
    close(ends[1]);
    char messages[300] = "";
    if (child > 0) read_messages(messages, sizeof messages, ends[0]);
    close(ends[0]);
    if (child < 0) return status_fail(STATUS_IO, "cannot start gnuplot: %s", strerror(why));
    int how = 0;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    *made = WIFEXITED(how) && WEXITSTATUS(how) == 0;
    if (*made || (WIFEXITED(how) && WEXITSTATUS(how) == NOT_FOUND)) return status_ok();
    return status_fail(STATUS_IO, "gnuplot could not draw %s/front.gp: %s", directory, messages);
}

/* gnuplot says nothing when the disk is full: a whole PNG begins with its signature and ends with its last chunk. */
static status check_picture(const char *path)
{
    static const char head[] = "\x89PNG\r\n\x1a\n", tail[] = "IEND\xae\x42\x60\x82";
    enum { LENGTH = 8 };
    char first[LENGTH] = "", last[LENGTH] = "";
    int fd;
    TRY(file_open_plain(&fd, path));
    bool whole =
        read(fd, first, LENGTH) == LENGTH && lseek(fd, -LENGTH, SEEK_END) > 0 && read(fd, last, LENGTH) == LENGTH;
    close(fd);
    if (whole && memcmp(first, head, LENGTH) == 0 && memcmp(last, tail, LENGTH) == 0) return status_ok();
    return status_fail(STATUS_IO, "the picture that gnuplot wrote is not complete: is the disk full?");
}

/* Draws in a folder of its own, where nobody else's file can be taken for the picture. */
static status draw_in(bool *made, const char *workshop, const char *script, const char *picture)
{
    char copy[PATH_BYTES + 16], drawn[PATH_BYTES + 16];
    snprintf(copy, sizeof copy, "%s/front.gp", workshop);
    snprintf(drawn, sizeof drawn, "%s/front.png", workshop);
    status s = file_copy(copy, script);
    if (!failed(s)) s = run_gnuplot(made, workshop);
    if (!failed(s) && *made) s = check_picture(drawn);
    if (!failed(s) && *made) s = file_publish(drawn, picture);
    unlink(copy);
    unlink(drawn);
    return s;
}

status report_picture(bool *made, const char *directory, const report_data *d)
{
    char script[PATH_BYTES], picture[PATH_BYTES], workshop[PATH_BYTES];
    *made = false;
    snprintf(script, sizeof script, "%s/front.gp", directory);
    snprintf(picture, sizeof picture, "%s/front.png", directory);
    snprintf(workshop, sizeof workshop, "%s/.front-XXXXXX", directory);
    TRY(write_script(script, d));
    unlink(picture); /* an old picture must not pass for the new one */
    if (mkdtemp(workshop) == NULL)
        return status_fail(STATUS_IO, "cannot write into %s: %s", directory, strerror(errno));
    status s = draw_in(made, workshop, script, picture);
    rmdir(workshop);
    return s;
}
