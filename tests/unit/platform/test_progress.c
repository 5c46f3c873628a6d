/* src/platform/progress.c: how far something is, told from one process to another. */
#include "../unit.h"

#include "reviewd/progress.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/reviewd-unit-XXXXXX";
static struct progress_figures seen;

static void begin(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert(mkdtemp(folder) != NULL);
    seen = (struct progress_figures){-1, -1, -1, -1};
}

static void end(void)
{
    progress_forget(folder, "one");
    rmdir(folder);
}

START_TEST(it_is_seen_as_long_as_somebody_is_at_it)
{
    ck_assert(!progress_look(folder, "one", &seen));
    struct progress *progress = progress_begin(folder, "one");
    ck_assert(progress != NULL);
    ck_assert(progress_look(folder, "one", &seen));
    ck_assert_int_eq(seen.lines, 0);
    progress_tell(progress, &(struct progress_figures){100000, 99, 7, 0});
    ck_assert(progress_look(folder, "one", &seen));
    ck_assert_int_eq(seen.lines, 100000);
    ck_assert_int_eq(seen.created, 99);
    ck_assert_int_eq(seen.unchanged, 7);
    ck_assert_int_eq(seen.refused, 0);
    progress_tell(progress, &(struct progress_figures){1, 2, 3, 4});
    ck_assert(progress_look(folder, "one", &seen));
    ck_assert_int_eq(seen.refused, 4);
    ck_assert(!progress_look(folder, "another", &seen));
    ck_assert_ptr_null(progress_begin(folder, "one")); /* there is one */
    progress_end(progress);
    ck_assert(!progress_look(folder, "one", &seen));
    progress_end(NULL);
}
END_TEST

START_TEST(it_goes_with_its_process)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool begun = progress_begin(folder, "one") != NULL;
        if (write(ready[1], "x", begun) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert(progress_look(folder, "one", &seen));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert(!progress_look(folder, "one", &seen));
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
    ck_assert_ptr_null(progress_begin("/nowhere", "one"));
    ck_assert(!progress_look("/nowhere", "one", &seen));
    progress_forget("/nowhere", "one");
}
END_TEST

Suite *progress_suite(void)
{
    Suite *suite = suite_create("platform/progress");
    TCase *tcase = unit_case(suite, "progress");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, it_is_seen_as_long_as_somebody_is_at_it);
    tcase_add_test(tcase, it_goes_with_its_process);
    tcase_add_test(tcase, a_folder_that_is_not_there);
    return suite;
}
