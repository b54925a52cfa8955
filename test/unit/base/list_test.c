/* SPDX-License-Identifier: Apache-2.0
 * Links go in and out at both ends and in the middle; whole lists move; the walk bears removal.
 */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct item {
	int number;
	struct list link;
};

static void expect_numbers(struct list *head, const char *numbers)
{
	struct list *link = head->next;

	for (; *numbers != '\0'; numbers++, link = link->next) {
		assert_ptr_not_equal(link, head);
		assert_int_equal(list_entry(link, struct item, link)->number, *numbers - '0');
		assert_ptr_equal(link->next->previous, link);
	}
	assert_ptr_equal(link, head);
}

static void test_all(void **state)
{
	struct item items[6];
	struct list head, other;

	(void)state;
	list_init(&head);
	list_init(&other);
	for (int i = 0; i < 6; i++) {
		items[i].number = i;
		list_init(&items[i].link);
	}
	assert_true(list_is_empty(&head));
	assert_false(list_is_in(&items[0].link));
	list_remove(&items[0].link); /* in none: nothing happens */
	list_add_last(&head, &items[1].link);
	list_add_last(&head, &items[2].link);
	list_add_first(&head, &items[0].link);
	list_insert_before(&items[2].link, &items[3].link);
	expect_numbers(&head, "0132");
	list_add_last(&other, &items[4].link);
	list_move_all(&other, &head);
	expect_numbers(&other, "40132");
	assert_true(list_is_empty(&head));
	list_move_all(&other, &head);
	expect_numbers(&other, "40132");
	list_each(link, after, &other) if (list_entry(link, struct item, link)->number % 2 == 0)
		list_remove(link);
	expect_numbers(&other, "13");
	assert_false(list_is_in(&items[4].link));
	assert_true(list_is_in(&items[1].link));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
